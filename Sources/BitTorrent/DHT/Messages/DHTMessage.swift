/// A datagram between nodes (KRPC, BEP 5).
public struct DHTMessage: Equatable, Sendable {
  /// What it is.
  public enum Body: Equatable, Sendable {
    /// A question of the node with that id.
    case query(DHTQuery, from: DHTID, wants: Wants?, isReadOnly: Bool)
    /// The answer; `observed` is where the one who asked is seen (BEP 42).
    case response(DHTResponse, observed: PeerAddress?)
    /// Why there is none.
    case failure(code: Int, reason: String)
  }

  /// The kinds of nodes that an answer is to have (BEP 32).
  public struct Wants: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt8
    /// The kinds whose bits are set.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Nodes at IPv4 addresses.
    public static let ipv4 = Wants(rawValue: 1)
    /// Nodes at IPv6 addresses.
    public static let ipv6 = Wants(rawValue: 2)

    init(_ family: PeerAddress.Family) { self = family == .ipv4 ? .ipv4 : .ipv6 }
  }

  /// What ties an answer to its question.
  public var transaction: [UInt8]
  /// The program of the sender: two letters and a version.
  public var version: [UInt8]?
  /// What it says.
  public var body: Body

  /// A message of this program.
  public init(transaction: [UInt8], _ body: Body) {
    self.transaction = transaction
    self.body = body
    version = Self.ownVersion
  }

  private static let ownVersion = Array("BT\u{1}\u{0}".utf8)
}

/// What a node answers where it has no answer.
public enum DHTFailureCode {
  /// Something else went wrong.
  public static let generic = 201
  /// The node cannot answer now.
  public static let server = 202
  /// The question is malformed, or its token wrong.
  public static let malformed = 203
  /// There is no such question.
  public static let unknownMethod = 204
}

/// Why a datagram is no message of the table.
public enum DHTMessageError: Error, Equatable, Sendable {
  /// No bencoded dictionary, or one beyond the bounds.
  case notBencoded
  /// No transaction, or one that is too long.
  case noTransaction
  /// Neither question nor answer.
  case unknownKind
  /// A question of that transaction that lacks what it must have.
  case malformedQuery([UInt8])
  /// A question of that transaction of a kind that is not known.
  case unknownQuery([UInt8])
  /// An answer that lacks what it must have.
  case malformedResponse
}
