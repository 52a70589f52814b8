/// The seller's price: one for all buyers, which rises while there are more of them than slots.
///
/// So it settles where the highest losing bid would be, and nobody has to tell what he would pay.
public struct PriceClock: Hashable, Sendable {
  /// Wei for 2^20 bytes, the least that is asked.
  public let floor: UInt128
  /// Wei for 2^20 bytes, now.
  public private(set) var price: UInt128
  /// Rises with every change of the price.
  private(set) var generation: UInt64 = 1

  /// A clock at its floor.
  public init(floor: UInt128) {
    self.floor = min(floor, Self.greatest)
    price = self.floor
  }

  private static let greatest: UInt128 = (1 << SpeedExtension.priceBits) - 1

  /// A choke round is over: `demand` funded buyers took part, for so many paid slots.
  public mutating func round(demand: Int, slots: Int) {
    let step = max(price / 10, 1)
    let next = demand > slots ? min(price + step, Self.greatest) : price - min(step, price - floor)
    guard next != price else { return }
    price = next
    generation += 1
  }
}
