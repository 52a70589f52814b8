import BitTorrent
import ChainTypes
import Keys
import NIOCore
import Primitives
import Speed
import Testing

@Suite("Trade across a crash of the buyer")
struct RestartTests {
  @Test(
    "a buyer that forgot what it signed learns it from the seller, and goes on",
    arguments: [0, 7, 16] as [UInt128])
  func forgot(share: UInt128) throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(1 << 20))
    try rig.killBuyer(keeping: share)
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    #expect(rig.seller.desk.income == rig.paid(2 << 20))
    #expect(rig.buyer.desk.spent == rig.seller.desk.income)
    #expect(rig.unpaidBytes == 0 && rig.held.isEmpty)
    #expect(rig.buyer.market.statistics.spent == rig.paid(1 << 20))
  }

  @Test("a voucher that was signed and did not arrive before the crash is sent again")
  func lostVoucher() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    rig.onTheWay = { message, _ in if case .voucher = message { nil } else { message } }
    rig.transfer(blocks: 16)
    rig.pass(.seconds(1))
    #expect(rig.seller.desk.income == rig.paid(1 << 20))
    #expect(rig.buyer.desk.spent == rig.paid(1 << 20) + rig.paid(256 << 10))
    rig.onTheWay = { message, _ in message }
    try rig.killBuyer(keeping: 16)
    rig.begin()
    #expect(rig.seller.desk.income == rig.buyer.desk.spent)
    rig.transfer(blocks: 64)
    rig.pass(.seconds(2))
    #expect(rig.unpaidBytes == 0)
  }

  @Test("vouchers that a need shows are looked at once for each proof")
  func forgedNeeds() throws {
    let rig = try TradeRig()
    rig.begin()
    rig.transfer(blocks: 16)
    let channel = try #require(rig.buyer.market.statistics.peers[0].buyingChannel)
    let forged = try Voucher(channelID: channel, cumulativeAmount: 1 << 60)
      .signed(by: rig.seller.desk.key, in: rig.ledger.domain)
    let before = rig.buyer.desk.orders.count { if case .shown = $0 { true } else { false } }
    for _ in 0..<100 {
      rig.say(
        .need(
          SpeedNeed(
            channelID: channel, required: 0, accepted: 0, deposit: 1 << 60, window: 1 << 20,
            voucher: forged)), to: rig.buyer)
    }
    rig.pump()
    let after = rig.buyer.desk.orders.count { if case .shown = $0 { true } else { false } }
    #expect(after == before)
  }
}
