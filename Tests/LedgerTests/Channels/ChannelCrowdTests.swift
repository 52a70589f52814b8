import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// Many channels at once, in blocks.
@Suite("Crowds of payment channels")
struct ChannelCrowdTests {
  @Test("Fifty channels open in one transaction, 257 in none; a thousand settle in one")
  func batches() throws {
    let chain = try ChannelChain()
    let payees = (0..<1_000).map { Address(UInt32(0x10_0000 + $0 % 7)) }
    let before = try chain.vault(ChannelChain.payer)
    let fifty = try chain.open(Array(payees.prefix(50)), deposit: 1_000)
    #expect(chain.test.chain.view.head.number == 2)
    #expect(try chain.vault(ChannelChain.payer).openCount == before.openCount + 50)
    for channel in fifty {
      #expect(try chain.channel(channel) == ChannelState(settled: 0, deposit: 1_000))
    }
    let terms = ChannelTerms(payee: Address(0xabc), graceSeconds: 2, graceBlocks: 1, deposit: 1)
    let refused = try chain.mine(
      [
        chain.transaction(
          .open([ChannelTerms](repeating: terms, count: 257)), by: ChannelChain.payerKey,
          nonce: chain.nonce(ChannelChain.payer), gasLimit: 20_000_000)
      ], expectSuccess: false)
    #expect(refused.receipts.map(\.receipt.succeeded) == [false])

    let channels = try fifty + chain.open(Array(payees.dropFirst(50)), deposit: 1_000)
    var items = try channels.map { try chain.settlement($0, 700) }
    items[500].cumulativeAmount = 701
    let height = chain.test.chain.view.head.number
    // It fits the lane: payees with a thousand channels get in when all else is full.
    let block = try chain.mine([
      chain.transaction(
        .settle(items), by: TestChain.keys[3], nonce: 0,
        gasLimit: chain.test.chain.genesis.gasLimit / 10)
    ])
    #expect(chain.test.chain.view.head.number == height + 1)
    #expect(block.receipts[0].receipt.logs.count == 999)
    for (index, channel) in channels.enumerated() {
      #expect(try chain.channel(channel)?.settled == (index == 500 ? 0 : 700))
    }
    #expect(try chain.balance(payees[1]) == 100_100)
    try chain.verify()
  }

  @Test(
    "22: ten thousand channels that one payer leaves at once are all answered in the grace time")
  func massClose() throws {
    let chain = try ChannelChain()
    let payees = (0..<10_000).map { Address(UInt32(0x10_0000 + $0 % 20)) }
    let channels = try chain.open(payees, deposit: 1_000, graceBlocks: 20)
    let firstNonce = try chain.nonce(ChannelChain.payer)
    let height = chain.test.chain.view.head.number
    for start in stride(from: 0, to: channels.count, by: 2_500) {
      try chain.mine(
        (start..<start + 2_500).map {
          try chain.transaction(
            .requestClose(channels[$0]), by: ChannelChain.payerKey, nonce: firstNonce + UInt64($0),
            gasLimit: 80_000)
        })
    }
    // Now the payer fills nine tenths of every block; the lane alone takes the answers.
    for index in 0..<UInt64(10) {
      let fillers = try (0..<9).map {
        try chain.burner(gas: 23_900_000, by: TestChain.keys[2], nonce: index * 9 + $0)
      }
      let part = channels[Int(index) * 1_000..<Int(index + 1) * 1_000]
      let answer = try chain.transaction(
        .settle(part.map { try chain.settlement($0, 999) }), by: TestChain.keys[3], nonce: index,
        gasLimit: 24_000_000)
      let block = try chain.mine(fillers + [answer], timestamp: 3_000, expectSuccess: false)
      #expect(block.receipts.last?.receipt.logs.count == 1_000)
      #expect(block.block.header.gasUsed > 225_000_000)
    }
    #expect(chain.test.chain.view.head.number < height + 20)
    let early = try chain.mine(
      [
        chain.transaction(
          .withdraw(channels[0]), by: ChannelChain.payerKey, nonce: firstNonce + 10_000)
      ], timestamp: 9_000, expectSuccess: false)
    #expect(early.receipts.map(\.receipt.succeeded) == [false])
    let paid = try Set(payees).map { try chain.balance($0) }.reduce(.zero, &+)
    #expect(paid == UInt256(9_990_000))
  }
}
