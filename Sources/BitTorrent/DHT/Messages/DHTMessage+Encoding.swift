internal import Metainfo

extension DHTMessage {
  /// The datagram.
  public var encoded: [UInt8] {
    var entries: [BencodeItem.Entry] = [.init("t", .bytes(transaction))]
    if let version { entries.append(.init("v", .bytes(version))) }
    switch body {
    case .query(let query, let id, let wants, let isReadOnly):
      entries.append(.init("y", "q"))
      entries.append(.init("q", .string(query.method)))
      var arguments = query.arguments
      arguments.append(.init("id", .bytes(id.bytes)))
      if let wants { arguments.append(.init("want", wants.item)) }
      entries.append(.init("a", .dictionary(arguments)))
      if isReadOnly { entries.append(.init("ro", 1)) }
    case .response(let response, let observed):
      entries.append(.init("y", "r"))
      entries.append(.init("r", .dictionary(response.entries)))
      if let observed { entries.append(.init("ip", .bytes(observed.compact))) }
    case .failure(let code, let reason):
      entries.append(.init("y", "e"))
      entries.append(.init("e", .list([.integer(code), .string(reason)])))
    }
    return BencodeItem.dictionary(entries).encoded
  }
}

extension DHTMessage.Wants {
  fileprivate var item: BencodeItem {
    .list((contains(.ipv4) ? ["n4"] : []) + (contains(.ipv6) ? ["n6"] : []))
  }
}

extension DHTQuery {
  fileprivate var method: String {
    switch self {
    case .ping: "ping"
    case .findNode: "find_node"
    case .getPeers: "get_peers"
    case .announcePeer: "announce_peer"
    case .sampleInfohashes: "sample_infohashes"
    }
  }

  fileprivate var arguments: [BencodeItem.Entry] {
    switch self {
    case .ping: []
    case .findNode(let target), .sampleInfohashes(let target):
      [.init("target", .bytes(target.bytes))]
    case .getPeers(let infoHash, let withoutSeeds, let scrape):
      [.init("info_hash", .bytes(infoHash.bytes))]
        + (withoutSeeds ? [.init("noseed", 1)] : []) + (scrape ? [.init("scrape", 1)] : [])
    case .announcePeer(let announce, let infoHash, let token):
      [
        .init("info_hash", .bytes(infoHash.bytes)), .init("port", .integer(Int(announce.port))),
        .init("token", .bytes(token)),
      ] + (announce.impliesPort ? [.init("implied_port", 1)] : [])
        + (announce.isSeed ? [.init("seed", 1)] : [])
    }
  }
}

extension DHTResponse {
  fileprivate var entries: [BencodeItem.Entry] {
    var entries: [BencodeItem.Entry] = [.init("id", .bytes(id.bytes))]
    if let nodes { entries.append(.init("nodes", .bytes(nodes.flatMap(\.compact)))) }
    if let nodes6 { entries.append(.init("nodes6", .bytes(nodes6.flatMap(\.compact)))) }
    if !peers.isEmpty { entries.append(.init("values", .list(peers.map { .bytes($0.compact) }))) }
    if let token { entries.append(.init("token", .bytes(token))) }
    if let seeds { entries.append(.init("BFsd", .bytes(seeds.bytes))) }
    if let leechers { entries.append(.init("BFpe", .bytes(leechers.bytes))) }
    if let sample {
      entries.append(.init("samples", .bytes(sample.infoHashes.flatMap(\.bytes))))
      entries.append(.init("num", .integer(sample.total)))
      entries.append(.init("interval", .integer(sample.interval)))
    }
    return entries
  }
}
