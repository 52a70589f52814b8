import NIOCore
import Primitives
import Speed
import Testing

@Suite("What trade costs those who trade")
struct TradeCostTests {
  @Test("receipts grow rarer with the window, but not to a peer that reckons its own bill by them")
  func receipts() throws {
    func count(isMutual: Bool) throws -> Int {
      let rig = try TradeRig(isMutual: isMutual)
      rig.begin()
      for _ in 0..<128 {
        rig.transfer(blocks: 16)
        rig.pass(.milliseconds(4))
      }
      return rig.buyer.said.count { if case .receipt = $0 { true } else { false } }
    }
    // 32 MiB, at twice 512 KiB for each receipt: what came, and what proved right.
    let (simple, mutual) = (try count(isMutual: false), try count(isMutual: true))
    #expect(mutual >= 64)
    #expect(simple <= mutual / 2)
  }

  @Test("deliveries are noted on disk ahead of time, in few strides, and all of them")
  func strides() throws {
    let rig = try TradeRig()
    rig.begin()
    for _ in 0..<128 {
      rig.transfer(blocks: 16)
      rig.pass(.milliseconds(4))
    }
    let noted = rig.seller.desk.orders.compactMap { order in
      if case .charge(_, let total, _) = order { total } else { nil }
    }
    let vouchers = rig.buyer.said.count { if case .voucher = $0 { true } else { false } }
    #expect(noted.max() ?? 0 >= rig.paid(rig.served))
    #expect(noted.count <= 2 * vouchers)
  }

  @Test("a market is gone once its torrent rests, though what the session shares goes on")
  func freed() throws {
    struct Reference { weak var market: SpeedMarket? }
    var accounts: [SpeedAccounts] = []
    var markets: [Reference] = []
    func rest() throws {
      let rig = try TradeRig()
      rig.begin()
      // Of the second piece a half: some of it is asked for, some is not checked.
      rig.transfer(blocks: 24)
      for end in rig.ends {
        accounts.append(end.accounts)
        markets.append(Reference(market: end.market))
        end.market.ended()
      }
    }
    try rest()
    withExtendedLifetime(accounts) { #expect(markets.allSatisfy { $0.market == nil }) }
    #expect(markets.count == 2)
  }
}
