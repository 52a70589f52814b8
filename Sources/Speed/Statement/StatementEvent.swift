public import ChainTypes
public import Metainfo
public import Primitives

/// Something that a statement tells: bytes moved, money was promised, or the ledger paid.
public enum StatementEvent: Hashable, Sendable {
  /// A channel is used for a torrent; `paid` wei of its deposit were promised before.
  case opened(ChannelID, ChannelParty, deposit: UInt128, paid: UInt128, torrent: SHA1Hash)
  /// So much more than before.
  case moved(ChannelID, TradeFigures)
  /// No more than so many wei are signed away in all before another such line.
  case limit(total: UInt128)
  /// So many more wei were spent for a torrent.
  case spent(SHA1Hash, UInt128)
  /// The ledger paid the payee: the receipt of a settlement, in wei, and the sum until then.
  case settled(ChannelID, amount: UInt128, total: UInt128)
  /// The channel is gone from the ledger, which paid so much of it in all.
  case closed(ChannelID, total: UInt128)
  /// A transaction of ours is final.
  case transaction(kind: String, Hash256, succeeded: Bool)
}

/// The other side of a channel.
public struct ChannelParty: Hashable, Sendable {
  /// Its account.
  public var address: Address
  /// Whether we pay it.
  public var isPaidByUs: Bool

  /// A party.
  public init(_ address: Address, isPaidByUs: Bool) {
    self.address = address
    self.isPaidByUs = isPaidByUs
  }
}

/// What moved, and for how much; money in wei.
public struct TradeFigures: Hashable, Sendable {
  /// Bytes of payload that were delivered for money.
  public var delivered: Int
  /// Bytes of them that the buyer found right.
  public var verified: Int
  /// What they cost.
  public var billed: UInt128
  /// What was promised by vouchers.
  public var paid: UInt128

  /// Figures.
  public init(delivered: Int = 0, verified: Int = 0, billed: UInt128 = 0, paid: UInt128 = 0) {
    self.delivered = delivered
    self.verified = verified
    self.billed = billed
    self.paid = paid
  }

  /// Whether there is nothing.
  public var isEmpty: Bool { self == TradeFigures() }

  /// Adds others.
  public static func += (left: inout TradeFigures, right: TradeFigures) {
    left.delivered += right.delivered
    left.verified += right.verified
    left.billed += right.billed
    left.paid += right.paid
  }
}

/// A line of a statement.
public struct StatementEntry: Hashable, Sendable {
  /// When, in seconds since 1970.
  public var time: UInt64
  /// What.
  public var event: StatementEvent

  /// A line.
  public init(time: UInt64, event: StatementEvent) {
    self.time = time
    self.event = event
  }
}
