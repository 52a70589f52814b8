public import Metainfo
public import NIOCore

/// Exchanges with UDP trackers, without sockets or clock (BEP 15).
///
/// An exchange gets a connection id, unless one is at hand, and then asks. What is not answered is
/// sent again after 15 · 2ⁿ seconds, and given up after some attempts. Answers count only from the
/// address that was asked, with the number that it was given.
public struct UDPTrackerClient<Generator: RandomNumberGenerator> {
  /// What bounds an exchange.
  public struct Configuration: Sendable {
    /// How long the first datagram waits for its answer; each next one twice as long.
    public var firstTimeout: Duration = .seconds(15)
    /// After how many datagrams without an answer the tracker is given up; the standard goes to 9.
    public var attempts = 3
    /// How long a connection id is used.
    public var connectionLifetime: Duration = .seconds(60)

    /// The defaults.
    public init() {}
  }

  /// What a tracker is asked.
  public enum Question: Sendable {
    /// An announce, and the path and query of the tracker's address.
    case announce(TrackerAnnounce, target: String)
    /// A scrape of at most 74 torrents.
    case scrape([SHA1Hash])
  }

  /// What a tracker answers.
  public enum Reply: Equatable, Sendable {
    /// The answer to an announce.
    case announce(TrackerAnswer)
    /// The answer to a scrape.
    case scrape([SHA1Hash: TrackerCounts])
  }

  /// What is to be done.
  public enum Action: Sendable {
    /// Send a datagram.
    case send(ByteBuffer, to: PeerAddress)
    /// The exchange with that number is over.
    case finish(Int, Result<Reply, TrackerFailure>)
  }

  private struct Exchange {
    let question: Question
    let address: PeerAddress
    var phase: Phase
    var transaction: UInt32
    // How many datagrams of this phase went unanswered.
    var unanswered = 0
    var deadline: Duration
  }

  private enum Phase {
    case connecting
    // `isFresh`: the id was given in this exchange.
    case asking(connection: UInt64, isFresh: Bool)
  }

  private struct Connection {
    var id: UInt64
    var expiry: Duration
  }

  private let configuration: Configuration
  private var generator: Generator
  private var exchanges: [Int: Exchange] = [:]
  private var numbers: [UInt32: Int] = [:]
  private var connections: [PeerAddress: Connection] = [:]
  private var actions: [Action] = []

  /// A client without exchanges; transaction numbers come from `generator`.
  public init(_ configuration: Configuration = Configuration(), using generator: Generator) {
    self.configuration = configuration
    self.generator = generator
  }

  /// When ``tick(at:)`` is to be called.
  public var deadline: Duration? { exchanges.values.map(\.deadline).min() }

  /// What is to be done since it was last asked.
  public mutating func takeActions() -> [Action] {
    defer { actions = [] }
    return actions
  }

  /// Begins an exchange under a number that no other has.
  public mutating func ask(
    _ number: Int, _ question: Question, of address: PeerAddress, at now: Duration
  ) {
    let exchange = Exchange(
      question: question, address: address, phase: .connecting, transaction: 0, deadline: now)
    send(number, phase(of: exchange, at: now), exchange, at: now)
  }

  /// Forgets an exchange.
  public mutating func cancel(_ number: Int) {
    if let exchange = exchanges.removeValue(forKey: number) { numbers[exchange.transaction] = nil }
  }

  /// Sends again what was not answered in time, and ends what was sent often enough.
  public mutating func tick(at now: Duration) {
    for (number, var exchange) in exchanges.sorted(by: { $0.key < $1.key })
    where exchange.deadline <= now {
      exchange.unanswered += 1
      guard exchange.unanswered < configuration.attempts else {
        finish(number, .failure(.timedOut))
        continue
      }
      send(number, phase(of: exchange, at: now), exchange, at: now)
    }
  }

  /// Takes a datagram in; one that answers no question of ours is passed over.
  public mutating func receive(
    _ datagram: ByteBuffer, from address: PeerAddress, at now: Duration
  ) {
    var datagram = datagram
    guard let header = UDPTrackerMessage.header(&datagram),
      let number = numbers[header.transaction], var exchange = exchanges[number],
      exchange.address == address, let action = UDPTrackerMessage.Action(rawValue: header.action)
    else { return }
    switch (action, exchange.phase, exchange.question) {
    case (.connect, .connecting, _):
      guard let id = datagram.readInteger(as: UInt64.self) else { return }
      connections = connections.filter { $0.value.expiry > now }
      connections[address] = Connection(id: id, expiry: now + configuration.connectionLifetime)
      exchange.unanswered = 0
      send(number, .asking(connection: id, isFresh: true), exchange, at: now)
    case (.announce, .asking, .announce):
      finish(
        number,
        Result { () throws(TrackerFailure) in
          .announce(try UDPTrackerMessage.announceAnswer(&datagram, from: address))
        })
    case (.scrape, .asking, .scrape(let infoHashes)):
      finish(
        number,
        Result { () throws(TrackerFailure) in
          .scrape(try UDPTrackerMessage.scrapeAnswer(&datagram, of: infoHashes))
        })
    case (.error, .asking(_, isFresh: false), _):
      // The tracker may have forgotten the connection, as after a restart.
      connections[address] = nil
      send(number, .connecting, exchange, at: now)
    case (.error, _, _):
      let reason = PrintableText.clean(datagram.readableBytesView)
      finish(number, .failure(.refused(reason, retry: nil)))
    default: return
    }
  }

  // Whether a connection id is at hand for the next datagram.
  private func phase(of exchange: Exchange, at now: Duration) -> Phase {
    guard let connection = connections[exchange.address], connection.expiry > now else {
      return .connecting
    }
    if case .asking(connection.id, let isFresh) = exchange.phase {
      return .asking(connection: connection.id, isFresh: isFresh)
    }
    return .asking(connection: connection.id, isFresh: false)
  }

  private mutating func send(
    _ number: Int, _ phase: Phase, _ exchange: Exchange, at now: Duration
  ) {
    var exchange = exchange
    numbers[exchange.transaction] = nil
    exchange.phase = phase
    repeat {
      exchange.transaction = generator.next()
    } while numbers[exchange.transaction] != nil
    // The standard lets the wait grow to 15 · 2⁸ seconds.
    exchange.deadline = now + configuration.firstTimeout * (1 << min(exchange.unanswered, 8))
    exchanges[number] = exchange
    numbers[exchange.transaction] = number
    let transaction = exchange.transaction
    let datagram =
      switch (phase, exchange.question) {
      case (.connecting, _): UDPTrackerMessage.connect(transaction: transaction)
      case (.asking(let connection, _), .announce(let announce, let target)):
        UDPTrackerMessage.announce(
          announce, target: target, connection: connection, transaction: transaction)
      case (.asking(let connection, _), .scrape(let infoHashes)):
        UDPTrackerMessage.scrape(infoHashes, connection: connection, transaction: transaction)
      }
    actions.append(.send(datagram, to: exchange.address))
  }

  private mutating func finish(_ number: Int, _ result: Result<Reply, TrackerFailure>) {
    cancel(number)
    actions.append(.finish(number, result))
  }
}
