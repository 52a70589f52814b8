import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// What a transaction does to the state, case by case.
@Suite("Execution of transactions")
struct ExecutorTests {
  static let million = UInt256(1_000_000) &* (UInt256.powerOfTen(18) ?? .one)
  static let gwei = UInt256(1_000_000_000)
  let keys = TestChain.keys
  let coinbase = Address(0xfee)

  func balance(_ address: Address, _ test: TestChain) throws -> UInt256 {
    try test.chain.view.state.account(address)?.balance ?? .zero
  }

  func verify(_ test: TestChain) throws -> ChainVerifier.Report {
    var verifier = ChainVerifier(view: test.chain.view)
    return try verifier.verify()
  }

  /// A transaction signed as given, of any type.
  func sign(_ transaction: Transaction, _ key: PrivateKey) throws -> SignedTransaction {
    try SignedTransaction(signing: transaction, with: key)
  }

  @Test(
    "pays the base fee where genesis says, and the tip to the proposer",
    arguments: [FeePolicy.BaseFeeDestination.burn, .treasury, .proposer])
  func destinations(_ destination: FeePolicy.BaseFeeDestination) throws {
    let treasury = Address(0x7ea)
    let test = try TestChain(
      genesis: TestChain.genesis {
        $0.fees.baseFeeDestination = destination
        if destination == .treasury { $0.fees.treasury = treasury }
      })
    try test.mine([TestChain.transfer(from: keys[0], nonce: 0, to: Address(0xabc), tip: 7)])
    let base = UInt256(21_000) &* Self.gwei
    let tip = UInt256(21_000 * 7 as UInt64)
    #expect(try balance(treasury, test) == (destination == .treasury ? base : .zero))
    #expect(try balance(coinbase, test) == (destination == .proposer ? base &+ tip : tip))
    #expect(try verify(test).burned == (destination == .burn ? base : .zero))
    #expect(
      try balance(keys[0].address, test) == Self.million &- base &- tip &- 1)
  }

  /// Fee cap and tip over a base fee of 1 gwei; what the proposer gets per gas.
  @Test(
    "takes min(fee cap, base fee + tip) per gas",
    arguments: [
      (1_000_000_000, 0, 0), (1_000_000_000, 1_000_000_000, 0), (1_000_000_005, 9, 5),
      (2_000_000_000, 3, 3), (5_000_000_000, 4_000_000_000, 4_000_000_000),
      (4_999_999_999, 4_000_000_000, 3_999_999_999),
    ] as [(UInt64, UInt64, UInt64)])
  func tips(_ cap: UInt64, _ tip: UInt64, _ got: UInt64) throws {
    let test = try TestChain()
    let transaction = Transaction(
      chainID: 1_337, nonce: 0, maxPriorityFeePerGas: UInt256(tip), maxFeePerGas: UInt256(cap),
      gasLimit: 30_000, to: Address(0xabc), value: 0)
    let (block, refused) = try test.mine([sign(transaction, keys[0])])
    #expect(refused.isEmpty)
    #expect(block.receipts.first?.gasUsed == 21_000)
    #expect(try balance(coinbase, test) == UInt256(got) &* 21_000)
    let price = Self.gwei &+ UInt256(got)
    #expect(try balance(keys[0].address, test) == Self.million &- price &* 21_000)
    _ = try verify(test)
  }

  @Test("refuses a fee cap one wei below the base fee")
  func lowFeeCap() throws {
    let test = try TestChain()
    let transaction = Transaction(
      chainID: 1_337, nonce: 0, maxPriorityFeePerGas: 0, maxFeePerGas: Self.gwei &- 1,
      gasLimit: 21_000, to: Address(0xabc), value: 0)
    let (block, refused) = try test.mine([sign(transaction, keys[0])])
    #expect(block.block.transactions.isEmpty)
    #expect(refused == [.feeCapBelowBaseFee(have: Self.gwei &- 1, want: Self.gwei)])
  }

  @Test("takes legacy and access-list transactions at their gas price")
  func gasPrices() throws {
    let test = try TestChain()
    let list = [AccessListEntry(address: Address(1), storageKeys: [.zero, UInt256.one.word])]
    let (block, refused) = try test.mine([
      sign(
        Transaction(
          chainID: 1_337, nonce: 0, gasPrice: Self.gwei &+ 3, gasLimit: 21_000, to: Address(0xabc),
          value: 1), keys[0]),
      sign(
        Transaction(
          chainID: 1_337, nonce: 1, gasPrice: Self.gwei &+ 3, gasLimit: 40_000, to: Address(0xabc),
          value: 1, data: [0, 0, 1], accessList: list), keys[0]),
    ])
    #expect(refused.isEmpty)
    // EIP-2930: 2 400 an address, 1 900 a slot; EIP-2028: 4 a zero byte, 16 another.
    let second: UInt64 = 21_000 + 2_400 + 2 * 1_900 + 2 * 4 + 16
    #expect(block.receipts.map(\.gasUsed) == [21_000, second])
    #expect(block.receipts.map(\.receipt.kind) == [.legacy, .accessList])
    #expect(block.receipts.last?.receipt.cumulativeGasUsed == 21_000 + second)
    #expect(try balance(coinbase, test) == UInt256(3 * (21_000 + second)))
  }

  @Test("refuses creations, transactions without a chain id, and those of another chain")
  func refusedKinds() throws {
    let test = try TestChain()
    let creation = Transaction(
      chainID: 1_337, nonce: 0, maxPriorityFeePerGas: 0, maxFeePerGas: Self.gwei,
      gasLimit: 100_000, to: nil, value: 0, data: [0])
    let unprotected = Transaction(
      chainID: nil, nonce: 0, gasPrice: Self.gwei, gasLimit: 21_000, to: Address(1), value: 0)
    let other = Transaction(
      chainID: 199, nonce: 0, gasPrice: Self.gwei, gasLimit: 21_000, to: Address(1), value: 0)
    let (block, refused) = try test.mine([
      sign(creation, keys[0]), sign(unprotected, keys[1]), sign(other, keys[2]),
    ])
    #expect(block.block.transactions.isEmpty)
    #expect(
      refused == [
        .noBytecode, .wrongChain(have: nil, want: 1_337), .wrongChain(have: 199, want: 1_337),
      ])
    #expect(try test.chain.view.header(0)?.stateRoot == test.chain.view.head.stateRoot)
  }

  @Test("leaves a transfer to oneself without effect but its fee")
  func selfTransfer() throws {
    let test = try TestChain()
    let own = keys[0].address
    let all = Self.million &- UInt256(21_000) &* UInt256(100_000_000_000 as UInt64)
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: own, value: all, tip: 2)
    ])
    #expect(refused.isEmpty)
    #expect(block.receipts.first?.receipt.succeeded == true)
    #expect(try balance(own, test) == Self.million &- (Self.gwei &+ 2) &* 21_000)
    #expect(try test.chain.view.state.account(own)?.nonce == 1)
    _ = try verify(test)
  }

  @Test("adds value and tip when the receiver, or the sender, is the proposer")
  func proposerInvolved() throws {
    let test = try TestChain()
    try test.mine([TestChain.transfer(from: keys[0], nonce: 0, to: coinbase, value: 10, tip: 2)])
    #expect(try balance(coinbase, test) == UInt256(10 + 2 * 21_000 as UInt64))

    var source = ListSource([
      try RecoveredTransaction(
        recovering: TestChain.transfer(
          from: keys[1], nonce: 0, to: Address(0xabc), value: 10, tip: 2))
    ])
    let own = keys[1].address
    let prepared = try test.chain.build(
      BlockAttributes(timestamp: 2_000, feeRecipient: own), from: &source)
    try test.chain.commit(prepared, seal: test.seal(prepared))
    let base = prepared.block.header.baseFeePerGas
    #expect(try balance(own, test) == Self.million &- base &* 21_000 &- 10)
    _ = try verify(test)
  }

  @Test("can spend exactly all it has, and not one wei more")
  func exactFunds() throws {
    let test = try TestChain()
    let cost = UInt256(21_000) &* Self.gwei
    func spend(_ value: UInt256) throws -> SignedTransaction {
      try sign(
        Transaction(
          chainID: 1_337, nonce: 0, maxPriorityFeePerGas: 0, maxFeePerGas: Self.gwei,
          gasLimit: 21_000, to: Address(0xabc), value: value), keys[0])
    }
    let tooMuch = try spend(Self.million &- cost &+ 1)
    let all = try spend(Self.million &- cost)
    let (block, refused) = try test.mine([tooMuch, all])
    #expect(
      refused == [
        .insufficientFunds(
          sender: keys[0].address, have: Self.million, want: Self.million &+ 1)
      ])
    #expect(block.block.transactions == [all])
    let account = try test.chain.view.state.account(keys[0].address)
    #expect(account?.balance == .zero)
    #expect(account?.nonce == 1)
    _ = try verify(test)
  }

  @Test("keeps empty accounts out of the state (EIP-161)")
  func emptyAccounts() throws {
    let test = try TestChain()
    try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: Address(0xabc), value: 0, tip: 0)
    ])
    #expect(try test.chain.view.state.account(Address(0xabc)) == nil)
    #expect(try test.chain.view.state.account(coinbase) == nil)
    #expect(try verify(test).accountCount == keys.count + 2)
  }

  @Test("stops at the block's gas limit, and goes on with what still fits")
  func blockGasLimit() throws {
    let test = try TestChain(genesis: TestChain.genesis { $0.gasLimit = 1_000_000 })
    let to = Address(0xabc)
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: to, gasLimit: 1_000_001),
      TestChain.transfer(from: keys[1], nonce: 0, to: to, gasLimit: 1_000_000),
      TestChain.transfer(from: keys[2], nonce: 0, to: to, gasLimit: 979_001),
      TestChain.transfer(from: keys[3], nonce: 0, to: to, gasLimit: 979_000),
    ])
    #expect(
      refused == [
        .gasLimitReached(have: 1_000_000, want: 1_000_001),
        .gasLimitReached(have: 979_000, want: 979_001),
      ])
    // What a transaction does not use, the next may: only used gas counts.
    #expect(block.block.transactions.count == 2)
    #expect(block.block.header.gasUsed == 42_000)
    let many = try (0..<60).map {
      try TestChain.transfer(from: keys[4], nonce: UInt64($0), to: to, gasLimit: 21_000)
    }
    let full = try test.mine(many).block
    #expect(full.block.transactions.count == 47)
    #expect(full.block.header.gasUsed == 987_000)
  }

  @Test("refuses a sender that has code")
  func senderWithCode() throws {
    let address = keys[0].address
    let test = try TestChain(
      genesis: TestChain.genesis {
        $0.allocations[address] = nil
        $0.modules[address] = .validatorSet
      })
    let (_, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: Address(0xabc), value: 0)
    ])
    #expect(refused == [.senderHasCode(address)])
  }

  @Test("refuses what costs more than 256 bits can say")
  func overflow() throws {
    let test = try TestChain()
    let transaction = Transaction(
      chainID: 1_337, nonce: 0, maxPriorityFeePerGas: .zero, maxFeePerGas: .max, gasLimit: 21_000,
      to: Address(0xabc), value: .max)
    let signed = try sign(transaction, keys[0])
    #expect(throws: TransactionError.costOverflow) {
      try SignedTransaction(decoding: signed.encoded)
    }
    let (_, refused) = try test.mine([signed])
    #expect(refused == [.invalid(.costOverflow)])
  }

  @Test("refuses less gas than is due before anything runs")
  func intrinsicGas() throws {
    let test = try TestChain()
    let (_, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: Address(1), gasLimit: 20_999),
      TestChain.transfer(from: keys[1], nonce: 0, to: Address(1), gasLimit: 21_019, data: [0, 1]),
    ])
    #expect(
      refused == [
        .invalid(.intrinsicGasTooLow(have: 20_999, want: 21_000)),
        .invalid(.intrinsicGasTooLow(have: 21_019, want: 21_020)),
      ])
  }

  @Test("carries a supply of 2^256 - 1 without overflow")
  func hugeSupply() throws {
    let rich = keys[0].address
    let test = try TestChain(
      genesis: TestChain.genesis {
        $0.supply = .max
        $0.allocations = [rich: .init(balance: .max)]
      })
    let to = Address(0xabc)
    let half = UInt256.max >> 1
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: to, value: half, tip: 2),
      TestChain.transfer(from: keys[0], nonce: 1, to: rich, value: 9),
    ])
    #expect(refused.isEmpty)
    #expect(block.receipts.map(\.receipt.succeeded) == [true, true])
    #expect(try balance(to, test) == half)
    let report = try verify(test)
    #expect(report.balanceSum.adding(report.burned) == .max)
  }

  @Test("numbers a sender's transactions without gaps within a block")
  func nonces() throws {
    let test = try TestChain()
    let to = Address(0xabc)
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 1, to: to),
      TestChain.transfer(from: keys[0], nonce: 0, to: to),
      TestChain.transfer(from: keys[0], nonce: 0, to: to),
      TestChain.transfer(from: keys[0], nonce: 1, to: to),
    ])
    #expect(block.block.transactions.map(\.transaction.nonce) == [0, 1])
    #expect(
      refused == [
        .nonceTooHigh(sender: keys[0].address, have: 1, next: 0),
        .nonceTooLow(sender: keys[0].address, have: 0, next: 1),
      ])
  }

  @Test("spends in the same block what was received in it")
  func chainedMoney() throws {
    let test = try TestChain()
    let poor = TestChain.key(4_242)
    let fee = UInt256(21_000) &* UInt256(100_000_000_000 as UInt64)
    let (block, refused) = try test.mine([
      TestChain.transfer(from: keys[0], nonce: 0, to: poor.address, value: fee &+ 5),
      TestChain.transfer(from: poor, nonce: 0, to: Address(0xabc), value: 5),
    ])
    #expect(refused.isEmpty)
    #expect(block.receipts.count == 2)
    #expect(try balance(Address(0xabc), test) == 5)
    _ = try verify(test)
  }
}
