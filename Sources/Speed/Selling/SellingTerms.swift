public import Primitives

/// What a seller asks for and gives; amounts in wei.
public struct SellingTerms: Hashable, Sendable {
  /// The least price of 2^20 bytes.
  public var floorPrice: UInt128
  /// The least deposit of a channel; 0 for any.
  public var leastDeposit: UInt128 = 0
  /// The least grace time of a channel, in seconds.
  public var graceSeconds: UInt32 = 900
  /// The least grace time of a channel, in blocks with room.
  public var graceBlocks: UInt32 = 60
  /// Hundredths of the upload kept for peers that don't pay, while seeding; 0 to 100.
  public var freeShare = 20
  /// Hundredths of the upload kept for barter while downloading; 0 to 100.
  public var barterShare = 50
  /// How long a quote holds, in seconds.
  public var quoteValidity: UInt64 = 600
  /// The most that one payer may owe, in bytes.
  public var windowCap = 32 << 20
  /// The most that one payer may owe, in wei.
  public var windowValueCap: UInt128 = .max
  /// First windows that are out at once or were lost within a day, in bytes.
  public var firstWindowsOut = 8 << 20
  /// Those who pay nothing.
  public var friends: Set<Address> = []

  /// Terms with this least price.
  public init(floorPrice: UInt128) { self.floorPrice = floorPrice }
}
