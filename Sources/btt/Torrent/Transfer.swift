internal import BitTorrent
internal import JSON
internal import Metainfo
internal import Speed
internal import TrackerHTTP

/// Runs one torrent in a session of its own, tells how it goes, and ends in order.
struct Transfer {
  let swarm: SwarmOptions
  let source: TorrentSource
  let options: TorrentOptions
  /// Whether it ends once all is here.
  let endsWhenComplete: Bool
  /// Whether all must be here to begin with.
  var isSeed = false

  /// What ends a transfer.
  private enum End: Sendable {
    case complete
    case signal(whole: Bool, summary: String)
    case failed(StorageError)
    case incomplete(missing: Int)
  }

  /// What is heard while it runs.
  private enum News: Sendable {
    case status(TorrentStatus)
    case signal(Int32)
  }

  /// Runs it, with money where anything is bought or sold.
  func run(
    buying: BuyingTerms? = nil, selling: SellingTerms? = nil, _ books: TradeBooksOptions
  ) async throws {
    guard buying != nil || selling != nil else { return try await run(nil) }
    try await Trade.run(
      books, buying: buying, selling: selling, torrent: source.hashes.primary
    ) { trade in try await run(trade) }
  }

  private func run(_ trade: Trade?) async throws {
    let peers = try swarm.namedPeers()
    let signals = StopSignals()
    defer { withExtendedLifetime(signals) {} }
    var configuration = try swarm.sessionConfiguration(infoHash: source.hashes.primary.hex)
    configuration.strategies = trade?.markets
    var trackers = HTTPTrackerTransport.Configuration()
    if let listen = swarm.listen { trackers.sources = [listen] }
    let session = try await TorrentSession.start(
      configuration, http: HTTPTrackerTransport(trackers), logger: swarm.logger)
    let end: End
    do {
      end = try await follow(session, peers, signals.stream, trade)
    } catch {
      await session.stop()
      throw error
    }
    await session.stop()
    try conclude(end)
  }

  private func follow(
    _ session: TorrentSession, _ peers: [PeerAddress], _ stops: AsyncStream<Int32>,
    _ trade: Trade?
  ) async throws -> End {
    var options = options
    options.peers += peers
    if case .magnet(let link) = source {
      // The engine takes addresses; a name that leads nowhere is no reason to give the link up.
      for peer in link.peers where PeerAddress(peer.description) == nil {
        options.peers += (try? PeerAddress.resolving(peer.description)) ?? []
      }
    }
    var report = TransferReport(asJSON: swarm.json)
    report.listening(on: session.address)
    let torrent = try await session.add(source, options)
    PeerLines.read { torrent.addPeers($0) }
    let (news, continuation) = AsyncStream.makeStream(of: News.self)
    return await withTaskGroup(of: Void.self) { group in
      group.addTask { for await status in torrent.updates { continuation.yield(.status(status)) } }
      group.addTask { for await number in stops { continuation.yield(.signal(number)) } }
      if let trade { group.addTask { await trade.markets.run() } }
      defer {
        report.eraseBar()
        group.cancelAll()
      }
      var last = TorrentStatus()
      for await item in news {
        switch item {
        case .status(let status):
          last = status
          report.show(status, await trade?.statistics())
          guard let end = end(after: status) else { continue }
          await trade?.settleUp()
          return end
        case .signal:
          await trade?.stopBuying()
          // The last of it may have come meanwhile.
          if let now = try? await torrent.status() { last = now }
          return .signal(whole: last.phase == .seeding, summary: TransferReport.summary(of: last))
        }
      }
      return .complete
    }
  }

  private func end(after status: TorrentStatus) -> End? {
    switch status.phase {
    case .failed(let error): .failed(error)
    case .seeding: endsWhenComplete ? .complete : nil
    case .downloading where isSeed:
      .incomplete(missing: status.transfer.pieceCount - status.transfer.piecesDone)
    default: nil
    }
  }

  private func conclude(_ end: End) throws {
    switch end {
    case .complete, .signal(whole: true, summary: _): break
    case .signal(whole: false, let summary):
      throw CommandFailure(
        .cancelled, "stopped before all was here: \(summary)",
        next: "run the same command again to go on")
    case .failed(let error): throw CommandFailure(.file, error.message)
    case .incomplete(let missing):
      throw CommandFailure(
        .notFound, "\(missing) pieces are missing or damaged in \(options.directory)",
        next: "check --data, or get them: btt torrent get … --seed")
    }
  }
}
