internal import BitTorrent
internal import Metainfo
internal import NIOCore
internal import Synchronization
internal import TestSupport
internal import Testing

@Suite("A strategy in a session")
struct StrategySeatTests {
  /// Sends one message to each peer that speaks its extension, and keeps what it gets.
  private final class Greeter: Strategy {
    let name: String
    let heard: @Sendable (String) -> Void
    var peers: [PeerHandle] = []
    init(name: String, heard: @escaping @Sendable (String) -> Void) {
      self.name = name
      self.heard = heard
    }

    var extensionNames: [String] { ["x_greeting"] }

    func extensionsAgreed(
      _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
      wishes: inout [StrategyWish]
    ) {
      peers.append(peer)
      wishes.append(.send(peer, extensionName: "x_greeting", ByteBuffer(string: "from \(name)")))
    }

    func received(
      _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
      wishes: inout [StrategyWish]
    ) { heard(String(buffer: payload)) }
  }

  /// Makes a greeter for each torrent, and keeps its seat.
  private final class Greeters: StrategySource {
    let name: String
    let seats = Mutex<[StrategySeat]>([])
    let heard: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation
    init(name: String) {
      self.name = name
      (heard, continuation) = AsyncStream.makeStream()
    }

    func strategy(for seat: StrategySeat) -> (any Strategy)? {
      seats.withLock { $0.append(seat) }
      let continuation = continuation
      return Greeter(name: name) { continuation.yield($0) }
    }
  }

  @Test("speaks its extension with its like, and is told news from elsewhere at its seat")
  func greets() async throws {
    let given = try TemporaryDirectory()
    let wanted = try TemporaryDirectory()
    let metainfo = try SessionRig.content("content", ["a": 4_000_000], in: given)
    let (ours, theirs) = (Greeters(name: "seed"), Greeters(name: "leech"))
    var configuration = SessionRig.configuration()
    configuration.strategies = ours
    var other = SessionRig.configuration()
    other.strategies = theirs
    try await SessionRig.withSession(configuration) { seeder in
      // So slow that the download does not end, and with it the connection, before the news.
      var slow = TorrentOptions(directory: given.path)
      slow.uploadLimit = 16_384
      let seed = try await seeder.add(.metainfo(metainfo), slow)
      await seed.wait(for: .seeding)
      try await SessionRig.withSession(other) { leecher in
        var options = TorrentOptions(directory: wanted.path)
        options.peers = [seeder.address]
        let leech = try await leecher.add(.metainfo(metainfo), options)
        var atSeed = ours.heard.makeAsyncIterator()
        var atLeech = theirs.heard.makeAsyncIterator()
        #expect(await atSeed.next() == "from leech")
        #expect(await atLeech.next() == "from seed")

        // News from elsewhere: here that something more is to be sent.
        let seat = try #require(ours.seats.withLock { $0.last })
        #expect(seat.id == seed.id)
        seat.enter { strategy, wishes in
          guard let greeter = strategy as? Greeter, let peer = greeter.peers.last else { return }
          wishes.append(.send(peer, extensionName: "x_greeting", ByteBuffer(string: "news")))
        }
        #expect(await atLeech.next() == "news")
        _ = leech
      }
    }
  }

  @Test(
    "is made anew each time its torrent runs, and hears nothing that was meant for the last one")
  func isMadeAnew() async throws {
    let given = try TemporaryDirectory()
    let metainfo = try SessionRig.content(in: given)
    let greeters = Greeters(name: "seed")
    var configuration = SessionRig.configuration()
    configuration.strategies = greeters
    try await SessionRig.withSession(configuration) { session in
      let torrent = try await session.add(
        .metainfo(metainfo), TorrentOptions(directory: given.path))
      await torrent.wait(for: .seeding)
      try await torrent.pause()
      await torrent.wait(for: .paused)
      try await torrent.resume(isForced: true)
      // A complete torrent runs once somebody asks for it.
      torrent.addPeers([session.address])
      while greeters.seats.withLock({ $0.count }) < 2 { await Task.yield() }
      let seats = greeters.seats.withLock { $0 }
      let entered = AsyncStream.makeStream(of: Int.self)
      seats[0].enter { _, _ in entered.continuation.yield(0) }
      seats[1].enter { _, _ in entered.continuation.yield(1) }
      var numbers = entered.stream.makeAsyncIterator()
      #expect(await numbers.next() == 1)
    }
  }

  // MARK: - Leaves

  /// The pieces of which a block proved right by itself, and the bytes that did.
  private final class Proofs: Sendable {
    private let state = Mutex<(pieces: Set<Int>, bytes: Int, single: Int)>(([], 0, 0))

    var bytes: Int { state.withLock { $0.bytes } }
    var single: Int { state.withLock { $0.single } }

    func add(_ bytes: Int, of piece: Int) {
      state.withLock { state in
        state.bytes += bytes
        guard bytes <= BlockRequest.blockLength else { return }
        state.single += bytes
        state.pieces.insert(piece)
      }
    }

    func has(_ piece: Int) -> Bool { state.withLock { $0.pieces.contains(piece) } }
  }

  /// Has leaves fetched, and notes what proved right.
  private final class Prover: Strategy {
    let proofs: Proofs
    init(_ proofs: Proofs) { self.proofs = proofs }

    func wantsLeaves(of peer: PeerHandle) -> Bool { true }

    func observe(_ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish]) {
      if case .verified(let piece, let bytes, _) = event { proofs.add(bytes, of: piece) }
    }
  }

  /// Gives one block of a piece, and the others when that proved right.
  private final class Withholder: Strategy {
    let proofs: Proofs
    private var peers: Set<PeerHandle> = []
    init(_ proofs: Proofs) { self.proofs = proofs }

    func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict {
      peers.insert(peer)
      return request.offset == 0 || proofs.has(request.piece) ? .serve() : .hold
    }

    func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish]) {
      wishes += peers.map { .reconsider($0) }
    }
  }

  private struct Source: StrategySource {
    let make: @Sendable () -> any Strategy

    func strategy(for seat: StrategySeat) -> (any Strategy)? { make() }
  }

  @Test("hears of each block that it is right, by leaves that the other side reads for it")
  func leaves() async throws {
    let given = try TemporaryDirectory()
    let wanted = try TemporaryDirectory()
    let metainfo = try SessionRig.content("content", ["a": 900_000, "b": 100_001], in: given)
    let proofs = Proofs()
    var (giving, taking) = (SessionRig.configuration(), SessionRig.configuration())
    giving.strategies = Source { Withholder(proofs) }
    taking.strategies = Source { Prover(proofs) }
    try await SessionRig.withSession(giving) { seeder in
      let seed = try await seeder.add(.metainfo(metainfo), TorrentOptions(directory: given.path))
      await seed.wait(for: .seeding)
      try await SessionRig.withSession(taking) { leecher in
        var options = TorrentOptions(directory: wanted.path)
        options.peers = [seeder.address]
        let leech = try await leecher.add(.metainfo(metainfo), options)
        await leech.wait(for: .seeding)
      }
    }
    #expect(proofs.bytes == 1_000_001)
    // No piece can end before its first block was judged alone.
    #expect(proofs.single >= 16 * BlockRequest.blockLength)
  }
}
