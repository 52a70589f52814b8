public import BitTorrent
public import ChainTypes
public import Primitives

/// A torrent's trade at one moment; amounts in wei, rates in bytes a second.
public struct SpeedStatistics: Hashable, Sendable {
  /// Payload that came and was paid for, or will be.
  public var paidBytesIn = 0
  /// Payload that came for nothing.
  public var freeBytesIn = 0
  /// Payload that went out for money.
  public var paidBytesOut = 0
  /// Payload that went out for nothing.
  public var freeBytesOut = 0
  /// Messages of the extension that came, in bytes.
  public var paymentBytesIn = 0
  /// Messages of the extension that went out, in bytes.
  public var paymentBytesOut = 0
  /// Billed for what came and proved right.
  public var spent: UInt128 = 0
  /// Locked in channels for this torrent, or about to be, and not billed.
  public var locked: UInt128 = 0
  /// Delivered for money, in value.
  public var earned: UInt128 = 0
  /// The price that is asked for 2^20 bytes; nil while not selling.
  public var price: UInt128?
  /// What paying adds to the rate, as a factor less one; nil while not measured.
  public var gain: Double?
  /// The bounds of the 80 % interval of the gain.
  public var gainBounds: ClosedRange<Double>?
  /// Whether paying has ended as it brings nothing.
  public var hasStoppedForGain = false
  /// How often paid mode was ended by us, by reason.
  public var endings: [SpeedBye.Reason: Int] = [:]
  /// Every peer that the extension is spoken with.
  public var peers: [SpeedPeerRow] = []

  /// Nothing yet.
  public init() {}
}

/// The trade with one peer on one connection; amounts in wei.
public struct SpeedPeerRow: Hashable, Sendable {
  /// A number that no other connection of the session has.
  public var connection: UInt64
  /// Whether this is the last that is told of the connection's channels.
  public var hasEnded = false
  /// The connection.
  public var peer: PeerHandle
  /// The other end.
  public var address: PeerAddress
  /// Whom we pay; nil while unknown.
  public var payee: Address?
  /// Who pays us; nil while unknown.
  public var payer: Address?
  /// The channel through which we pay.
  public var buyingChannel: ChannelID?
  /// The channel through which we are paid.
  public var sellingChannel: ChannelID?
  /// The price at which we buy.
  public var buyingPrice: UInt128?
  /// The price at which we sell.
  public var sellingPrice: UInt128?
  /// Payload sent, in bytes.
  public var delivered = 0
  /// Payload sent that the peer says it found right, in bytes.
  public var acknowledged = 0
  /// Payload received, in bytes.
  public var received = 0
  /// Payload received that proved right, in bytes.
  public var verified = 0
  /// Payload that we pay for after barter, in bytes.
  public var billed = 0
  /// Owed by us on this connection.
  public var spent: UInt128 = 0
  /// Signed by us on the channel, in all.
  public var paid: UInt128 = 0
  /// Delivered for money on this connection, in value.
  public var earned: UInt128 = 0
  /// Paid to us on the channel, in all.
  public var income: UInt128 = 0
  /// What the peer may owe, in bytes.
  public var window = 0

  /// A connection on which nothing was traded yet.
  package init(peer: PeerHandle, address: PeerAddress, connection: UInt64) {
    self.connection = connection
    self.peer = peer
    self.address = address
  }
}
