package import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Metainfo
internal import Speed

/// The node's own torrents: `torrent_*`, all of them the administrator's.
///
/// Sizes and rates are plain numbers of bytes; a torrent is named by its v1 infohash in hex, or by
/// the first 40 digits of its v2 one.
package struct TorrentMethods: Sendable {
  private let session: TorrentSession
  private let folders: TorrentFolders
  private let market: NodeMarket?

  /// The methods over a session, whose torrents may lie in `folders`, and may be paid for where
  /// there is a market.
  package init(session: TorrentSession, folders: TorrentFolders, market: NodeMarket? = nil) {
    self.session = session
    self.folders = folders
    self.market = market
  }

  /// Adds the methods to a table.
  package func register(in table: inout RPCMethodTable) {
    addLists(to: &table)
    addChanges(to: &table)
    addLimits(to: &table)
    addTrade(to: &table)
    addSpending(to: &table)
    add("torrent_add", 2, to: &table) { [folders, market] session, params in
      let source = try Self.source(try params.required(0, .object), folders)
      let wanted = try Self.wanted(try params.optional(1, .object) ?? [:], folders)
      if let terms = wanted.buying {
        try await market.needed().buy(terms, for: source.hashes.primary)
      }
      let torrent = try await session.add(source, wanted.options, isPaused: wanted.isPaused)
      if let move = wanted.move { try await torrent.move(move) }
      return .value(["infoHash": .string(torrent.id.hex), "name": source.name.json])
    }
  }

  private func addTrade(to table: inout RPCMethodTable) {
    add("torrent_trade", 2, to: &table) { [market] session, params in
      let torrent = try await Self.torrent(session, params).id
      if let terms = try params.optional(1, .object) {
        try terms.check(["budget", "maxPrice", "targetRate"], parameter: 1)
        guard let buying = BuyingTerms(json: .object(terms)) else {
          throw RPCError.invalidParams(Self.termsWanted)
        }
        try await market.needed().buy(buying, for: torrent)
      }
      return .value(try await market.needed().trade(of: torrent))
    }
  }

  private func addSpending(to table: inout RPCMethodTable) {
    add("torrent_spending", 1, to: &table) { [market] _, params in
      let isOn = try params.optional(0, .bool)
      return .value(.bool(try await market.needed().spending(isOn)))
    }
  }

  static let termsWanted =
    "a torrent is paid for with {budget, maxPrice, targetRate?}, amounts in wei as decimal texts"

  private func addLists(to table: inout RPCMethodTable) {
    add("torrent_list", 2, to: &table) { session, params in
      let offset = try params.optional(0, .number(0...Int.max)) ?? 0
      let limit = try params.optional(1, .number(1...Self.pageLimit)) ?? Self.pageLimit
      let end = offset.addingReportingOverflow(limit)
      let torrents = try await session.torrents(
        in: offset..<(end.overflow ? Int.max : end.partialValue))
      return .value([
        "total": JSONValue(try await session.statistics().torrents),
        "torrents": .array(torrents.map { .object($0.json) }),
      ])
    }
    add("torrent_get", 1, to: &table) { session, params in
      .value(.object(try await Self.torrent(session, params).overview().json))
    }
    add("torrent_peers", 1, to: &table) { session, params in
      .value(.array(try await Self.torrent(session, params).peers().map(\.json)))
    }
    add("torrent_files", 1, to: &table) { session, params in
      .value(.array(try await Self.torrent(session, params).files().map(\.json)))
    }
    add("torrent_trackers", 1, to: &table) { session, params in
      .value(.array(try await Self.torrent(session, params).trackers().map(\.json)))
    }
    add("torrent_session", 0, to: &table) { session, _ in
      .value(
        .object(
          try await session.statistics().json(limits: session.limits(), address: session.address)))
    }
  }

  private func addChanges(to table: inout RPCMethodTable) {
    add("torrent_pause", 1, to: &table) { session, params in
      try await Self.torrent(session, params).pause()
      return .value(true)
    }
    add("torrent_resume", 2, to: &table) { session, params in
      let isForced = try params.optional(1, .bool) ?? false
      try await Self.torrent(session, params).resume(isForced: isForced)
      return .value(true)
    }
    add("torrent_remove", 2, to: &table) { session, params in
      let withFiles = try params.optional(1, .bool) ?? false
      try await Self.torrent(session, params).remove(withFiles: withFiles)
      return .value(true)
    }
    add("torrent_move", 2, to: &table) { session, params in
      let move = try params.required(1, .queueMove)
      try await Self.torrent(session, params).move(move)
      return .value(true)
    }
    add("torrent_setPriorities", 2, to: &table) { session, params in
      let priorities = try params.required(1, .priorities)
      try await Self.torrent(session, params).setPriorities(priorities)
      return .value(true)
    }
    add("torrent_setSequential", 2, to: &table) { session, params in
      let isSequential = try params.required(1, .bool)
      try await Self.torrent(session, params).setSequential(isSequential)
      return .value(true)
    }
    add("torrent_addPeers", 2, to: &table) { session, params in
      let peers = try params.required(1, .peers)
      try await Self.torrent(session, params).addPeers(peers)
      return .value(JSONValue(peers.count))
    }
  }

  private func addLimits(to table: inout RPCMethodTable) {
    add("torrent_setLimits", 2, to: &table) { session, params in
      let changes = try params.required(1, .object)
      if let infoHash = try params.optional(0, .infoHash) {
        let torrent = try await session.torrent(infoHash)
        let now = try await torrent.overview().options
        let limits = try changes.rateLimits(
          from: .init(upload: now.uploadLimit, download: now.downloadLimit), alone: true)
        try await torrent.setLimits(limits)
      } else {
        try await session.setLimits(try changes.sessionLimits(from: session.limits()))
      }
      return .value(true)
    }
  }

  private static let pageLimit = 1_000

  private static func torrent(
    _ session: TorrentSession, _ params: RPCParams
  ) async throws -> Torrent {
    try await session.torrent(try params.required(0, .infoHash))
  }

  private func add(
    _ name: String, _ parameters: Int, to table: inout RPCMethodTable,
    _ body: @escaping @Sendable (TorrentSession, RPCParams) async throws -> RPCResult
  ) {
    table.addAsynchronous(name, access: .admin, parameters: parameters) { [session] _, params in
      do {
        return try await body(session, params)
      } catch let error as SessionError {
        throw RPCError(error)
      } catch let error as StorageError {
        throw RPCError(
          code: -32000, message: error.message, data: ["code": .string(error.code.rawValue)])
      }
    }
  }
}

extension RPCError {
  fileprivate init(_ error: SessionError) {
    self =
      switch error {
      case .unknown, .noMetadata: .notFound(error.description)
      case .configuration: .invalidParams(error.description)
      case .listen, .stopped, .duplicate, .full: .server(error.description)
      }
  }
}

extension NodeMarket? {
  /// The market; an error where the node has none.
  fileprivate func needed() throws(RPCError) -> NodeMarket {
    guard let self else {
      throw .server(
        "this node buys and sells nothing: it needs payment channels, see channels.key_file")
    }
    return self
  }
}
