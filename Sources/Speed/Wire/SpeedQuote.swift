public import Keys
public import Primitives

/// What a seller asks for a MiB, until when, and from which channels.
public struct SpeedQuote: Hashable, Sendable {
  /// The seller's number for it, at least 1, rising on a connection.
  public var id: UInt64
  /// Wei for 2^20 bytes; 0 for friends.
  public var price: UInt128
  /// Who is paid.
  public var payee: Address
  /// Whether the price holds for all torrents of the seller, not only for this one.
  public var isForAnyTorrent: Bool
  /// The last second, since 1970, of the price.
  public var expiry: UInt64
  /// The least deposit of a channel, in wei.
  public var leastDeposit: UInt128
  /// The least grace time of a channel.
  public var graceSeconds: UInt32
  /// The least grace time of a channel in blocks with room.
  public var graceBlocks: UInt32

  /// A quote.
  public init(
    id: UInt64, price: UInt128, payee: Address, isForAnyTorrent: Bool = false, expiry: UInt64,
    leastDeposit: UInt128, graceSeconds: UInt32, graceBlocks: UInt32
  ) {
    self.id = id
    self.price = price
    self.payee = payee
    self.isForAnyTorrent = isForAnyTorrent
    self.expiry = expiry
    self.leastDeposit = leastDeposit
    self.graceSeconds = graceSeconds
    self.graceBlocks = graceBlocks
  }

  /// The type as EIP-712 spells it.
  public static let type =
    "Quote(bytes32 sellerNonce,bytes32 buyerNonce,bytes20 infoHash,uint8 role,uint64 quoteId,"
    + "uint128 pricePerMiB,address payee,bool anyTorrent,uint64 expiry,uint128 leastDeposit,"
    + "uint32 graceSeconds,uint32 graceBlocks)"

  /// What the payee signs.
  public func digest(in context: SpeedContext) -> Hash256 {
    context.digest(
      type: Self.type, role: .seller,
      [
        UInt256(id).word, UInt256(price).word, payee.padded,
        UInt256(isForAnyTorrent ? 1 : 0 as UInt64).word, UInt256(expiry).word,
        UInt256(leastDeposit).word, UInt256(UInt64(graceSeconds)).word,
        UInt256(UInt64(graceBlocks)).word,
      ])
  }
}

/// A quote with a signature, which may be anybody's until it is looked at.
public struct SignedQuote: Hashable, Sendable {
  /// The quote.
  public var quote: SpeedQuote
  /// The signature over its digest.
  public var signature: Signature

  /// Joins a quote and its signature.
  public init(_ quote: SpeedQuote, signature: Signature) {
    self.quote = quote
    self.signature = signature
  }

  /// Whether the payee's key made the signature for this connection.
  public func isGenuine(in context: SpeedContext) -> Bool {
    (try? signature.recoverAddress(digest: quote.digest(in: context))) == quote.payee
  }
}

extension Address {
  /// The address in the low 20 bytes of a word.
  var padded: Hash256 { Hash256([UInt8](repeating: 0, count: 12) + bytes) ?? .zero }
}
