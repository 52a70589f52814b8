import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// The part of blocks that is kept for payees, and what it means for the grace time.
@Suite("The lane of payees")
struct ChannelLaneTests {
  static let small: @Sendable (inout Genesis) -> Void = { $0.gasLimit = 2_000_000 }
  let payee = Address(0xabc)
  let filler = TestChain.keys[1]

  func burner(
    _ chain: ChannelChain, gas: UInt64, nonce: UInt64
  ) throws -> SignedTransaction {
    try chain.burner(gas: gas, by: filler, nonce: nonce)
  }

  /// A burner that the lane must take: it looks like a settlement.
  func laneBurner(
    _ chain: ChannelChain, gas: UInt64, nonce: UInt64
  ) throws -> SignedTransaction {
    let selector = withUnsafeBytes(of: ChannelModule.settle.selector.bigEndian) { [UInt8]($0) }
    return try chain.burner(
      gas: gas, by: filler, nonce: nonce, to: ChannelModule.address, data: selector)
  }

  @Test("Other transactions have nine tenths of a block's gas, payees' all of it")
  func share() throws {
    let chain = try ChannelChain(Self.small)
    let channels = try chain.open([payee, payee], deposit: 1_000)
    let (block, refused) = try chain.test.mine([
      burner(chain, gas: 1_000_000, nonce: 0),
      burner(chain, gas: 800_001, nonce: 1),
      burner(chain, gas: 800_000, nonce: 1),
      TestChain.transfer(from: TestChain.keys[2], nonce: 0, to: payee),
      chain.transaction(
        .settle([chain.settlement(channels[0], 10)]), by: TestChain.keys[3], nonce: 0,
        gasLimit: 200_000),
      chain.transaction(
        .requestClose(channels[1]), by: ChannelChain.payerKey,
        nonce: chain.nonce(ChannelChain.payer), gasLimit: 100_000),
    ])
    #expect(block.block.transactions.count == 3)
    let left = 1_800_000 - block.receipts[0].gasUsed - block.receipts[1].gasUsed
    #expect(
      refused == [
        .gasLimitReached(have: 1_800_000 - block.receipts[0].gasUsed, want: 800_001),
        .gasLimitReached(have: left, want: 21_000),
        .gasLimitReached(have: left, want: 100_000),
      ])
    #expect(try chain.channel(channels[0])?.settled == 10)
    try chain.verify()
  }

  @Test("An importer refuses a block in which others use the lane")
  func importer() throws {
    // The builder of a chain with the same gas limit but no channels does not know the lane.
    let plain = try TestChain(genesis: TestChain.genesis(Self.small))
    let chain = try ChannelChain(Self.small)
    let burn = try burner(chain, gas: 1_900_000, nonce: 0)
    let (block, refused) = try plain.mine([burn])
    #expect(refused.isEmpty)
    var header = block.block.header
    header.parentHash = chain.test.chain.view.headHash
    header.number = chain.test.chain.view.head.number + 1
    header.baseFeePerGas = chain.test.chain.view.nextBaseFee
    let sealed = SealedBlock(
      block: Block(header: header, transactions: block.block.transactions),
      seal: try BlockSeal(
        chainID: 1_337, height: header.number, blockHash: header.hash, key: TestChain.validator))
    let error = #expect(throws: LedgerError.self) {
      try chain.test.chain.prepare(sealed, now: 10_000)
    }
    #expect(error?.message.contains("gas limit reached: have 1800000, want 1900000") == true)
  }

  @Test("Another node computes the same state of every block, its counts of room too")
  func follower() throws {
    let chain = try ChannelChain(Self.small)
    let follower = try TestChain(genesis: TestChain.channelGenesis(Self.small))
    _ = try chain.open([payee], deposit: 1_000)
    try chain.mine([burner(chain, gas: 1_790_000, nonce: 0)], expectSuccess: false)
    try chain.mine()
    for number in 1...chain.test.chain.view.head.number {
      let view = chain.test.chain.view
      let sealed = try #require(try view.sealedBlock(number))
      let prepared = try follower.chain.prepare(sealed, now: 10_000)
      try follower.chain.commit(prepared, seal: sealed.seal)
    }
    #expect(follower.chain.view.headHash == chain.test.chain.view.headHash)
    #expect(follower.chain.view.head.stateRoot == chain.test.chain.view.head.stateRoot)
  }

  @Test("A block has room as long as a twentieth of the lane is left")
  func room() throws {
    let chain = try ChannelChain(Self.small)
    let start = try chain.blocksWithRoom()
    try chain.mine()
    #expect(try chain.blocksWithRoom() == start + 1)
    // The lane is 200 000; a call of it may use the whole block. 10 000 left is room, less is none.
    var counted: [UInt64] = []
    for (nonce, target) in [1_980_000, 1_989_000, 1_993_000, 1_999_000].enumerated() {
      let before = try chain.blocksWithRoom()
      let burn = try laneBurner(chain, gas: UInt64(target), nonce: UInt64(nonce))
      let block = try chain.mine([burn], expectSuccess: false)
      let used = block.block.header.gasUsed
      #expect(used > UInt64(target) - 4_000)
      let hasRoom = 2_000_000 - used >= 10_000
      #expect(try chain.blocksWithRoom() == before + (hasRoom ? 1 : 0), "used \(used)")
      counted.append(hasRoom ? 1 : 0)
    }
    #expect(counted == [1, 1, 0, 0])
  }

  @Test("Bytes are shared like gas: blocks cannot be filled with cheap zeros")
  func bytes() throws {
    let chain = try ChannelChain()
    let channel = try chain.open([payee], deposit: 1_000)[0]
    // Zeros cost 4 gas a byte: 8 MiB of them use no more than a seventh of the block's gas.
    let size = 1_000_000
    let zeros = try (0..<8).map { index in
      try TestChain.transfer(
        from: filler, nonce: UInt64(index), to: Address(1), gasLimit: 5_000_000,
        data: [UInt8](repeating: 0, count: size))
    }
    let settle = try chain.transaction(
      .settle([chain.settlement(channel, 10)]), by: TestChain.keys[3], nonce: 0)
    let before = try chain.blocksWithRoom()
    let (block, refused) = try chain.test.mine(zeros + [settle])
    #expect(block.block.transactions.count == 8)
    guard case .blockBytesReached(let have, let want)? = refused.first else {
      Issue.record("refused \(refused)")
      return
    }
    #expect(have < size && want > size)
    #expect(try chain.channel(channel)?.settled == 10)
    #expect(try chain.blocksWithRoom() == before + 1)
  }

  @Test("Attack 21: full blocks during the grace time take nothing from the payee")
  func fullBlocks() throws {
    let chain = try ChannelChain(Self.small)
    let channel = try chain.open([payee], deposit: 1_000, graceBlocks: 3)[0]
    let payerNonce = try chain.nonce(ChannelChain.payer)
    try chain.mine([
      chain.transaction(
        .requestClose(channel), by: ChannelChain.payerKey, nonce: payerNonce, gasLimit: 100_000)
    ])
    // The attacker fills blocks, lane and all, with calls that the lane must take.
    let before = try chain.blocksWithRoom()
    for nonce in 0..<UInt64(5) {
      try chain.mine(
        [laneBurner(chain, gas: 1_998_000, nonce: nonce)],
        timestamp: 2_100 + nonce, expectSuccess: false)
    }
    #expect(try chain.blocksWithRoom() == before)
    let early = try chain.mine(
      [
        chain.transaction(
          .withdraw(channel), by: ChannelChain.payerKey, nonce: payerNonce + 1, gasLimit: 100_000)
      ], timestamp: 3_000, expectSuccess: false)
    #expect(!early.receipts[0].receipt.succeeded)
    // As soon as there is room, the payee's answer gets in, before the payer's withdrawal can.
    let block = try chain.mine(
      [
        chain.transaction(
          .settle([chain.settlement(channel, 900)]), by: TestChain.keys[3], nonce: 0,
          gasLimit: 150_000),
        chain.transaction(
          .withdraw(channel), by: ChannelChain.payerKey, nonce: payerNonce + 2, gasLimit: 100_000),
      ], timestamp: 3_001, expectSuccess: false)
    #expect(block.receipts.map(\.receipt.succeeded) == [true, false])
    #expect(try chain.balance(payee) == 900)
  }

  @Test("Nobody can hold a deposit for ever: after four times the blocks room no longer counts")
  func limitOfHolding() throws {
    let chain = try ChannelChain(Self.small)
    let channel = try chain.open([payee], deposit: 1_000, graceBlocks: 2)[0]
    let payerNonce = try chain.nonce(ChannelChain.payer)
    try chain.mine([
      chain.transaction(
        .requestClose(channel), by: ChannelChain.payerKey, nonce: payerNonce, gasLimit: 100_000)
    ])
    for nonce in 0..<UInt64(7) {
      try chain.mine(
        [laneBurner(chain, gas: 1_998_000, nonce: nonce)],
        timestamp: 2_100 + nonce, expectSuccess: false)
    }
    // Height of the request + 8.
    try chain.mine(
      [
        chain.transaction(
          .withdraw(channel), by: ChannelChain.payerKey, nonce: payerNonce + 1, gasLimit: 100_000)
      ], timestamp: 2_200)
    #expect(try chain.channel(channel) == nil)
  }

  @Test("A chain without channels has no lane and counts nothing")
  func without() throws {
    let test = try TestChain(genesis: TestChain.genesis(Self.small))
    let root = test.chain.view.head.stateRoot
    try test.mine()
    #expect(test.chain.view.head.stateRoot == root)
  }
}
