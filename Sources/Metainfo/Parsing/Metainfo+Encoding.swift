extension Metainfo {
  /// The torrent file: the info dictionary as it is, with what stands around it.
  ///
  /// What concerns neither is not kept from a file that was read.
  public var encoded: [UInt8] {
    var entries: [BencodeItem.Entry] = [.init("info", .encoded(info.rawBytes))]
    if let announce = trackers.first?.first {
      entries.append(.init("announce", .string(announce)))
      if trackers.count > 1 || trackers[0].count > 1 {
        let tiers = trackers.map { BencodeItem.list($0.map { .string($0) }) }
        entries.append(.init("announce-list", .list(tiers)))
      }
    }
    if !webSeeds.isEmpty { entries.append(.init("url-list", .list(webSeeds.map { .string($0) }))) }
    if !nodes.isEmpty {
      let pairs = nodes.map { BencodeItem.list([.string($0.host), .integer(Int($0.port))]) }
      entries.append(.init("nodes", .list(pairs)))
    }
    if let comment { entries.append(.init("comment", .string(comment))) }
    if let createdBy { entries.append(.init("created by", .string(createdBy))) }
    if let creationDate { entries.append(.init("creation date", .integer(creationDate))) }
    if info.hasV2 { entries.append(.init("piece layers", pieceLayers.bencoded)) }
    return BencodeItem.dictionary(entries).encoded
  }
}
