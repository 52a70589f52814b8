import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// A chain with payment channels, and a payer whose vault is filled.
struct ChannelChain {
  static let payerKey = TestChain.keys[0]
  static let payer = payerKey.publicKey.address
  static let vault = UInt128(1) << 79
  let test: TestChain
  let domain = ChannelDomain(chainID: 1_337)

  init(_ adjust: (inout Genesis) -> Void = { _ in }) throws {
    test = try TestChain(genesis: TestChain.channelGenesis(adjust))
    try mine([transaction(.vaultDeposit, by: Self.payerKey, nonce: 0, value: Self.vault)])
  }

  /// Builds and commits a block; everything must stand in it and succeed unless told otherwise.
  @discardableResult
  func mine(
    _ transactions: [SignedTransaction] = [], timestamp: UInt64 = 2_000, expectSuccess: Bool = true
  ) throws -> PreparedBlock {
    let (block, refused) = try test.mine(transactions, timestamp: timestamp)
    #expect(refused.isEmpty)
    if expectSuccess {
      let failed = block.receipts.filter { !$0.receipt.succeeded }
      #expect(failed.isEmpty)
    }
    return block
  }

  func transaction(
    _ call: ChannelCall, by key: PrivateKey, nonce: UInt64, value: UInt128 = 0,
    gasLimit: UInt64 = 1_000_000, tip: UInt256 = 1_000, feeCap: UInt256 = 100_000_000_000
  ) throws -> SignedTransaction {
    try SignedTransaction(
      signing: Transaction(
        chainID: 1_337, nonce: nonce, maxPriorityFeePerGas: tip, maxFeePerGas: feeCap,
        gasLimit: gasLimit, to: ChannelModule.address, value: UInt256(value),
        data: try call.encoded()), with: key)
  }

  /// A transaction that uses up its gas without doing anything: an access list is paid for before
  /// anything runs, and four bytes and zeros make up the rest.
  func burner(
    gas: UInt64, by key: PrivateKey, nonce: UInt64, to: Address = Address(0x1010),
    data: [UInt8] = [1, 2, 3, 4]
  ) throws -> SignedTransaction {
    let rest = gas - 21_000 - 64
    let entry = AccessListEntry(address: Address(1), storageKeys: [])
    return try SignedTransaction(
      signing: Transaction(
        chainID: 1_337, nonce: nonce, gasPrice: 100_000_000_000, gasLimit: gas, to: to, value: 0,
        data: data + [UInt8](repeating: 0, count: Int(rest % 2_400 / 4)),
        accessList: [AccessListEntry](repeating: entry, count: Int(rest / 2_400))), with: key)
  }

  func nonce(_ address: Address) throws -> UInt64 {
    try test.chain.view.state.account(address)?.nonce ?? 0
  }

  func balance(_ address: Address) throws -> UInt256 {
    try test.chain.view.state.account(address)?.balance ?? .zero
  }

  /// Opens channels to these payees in one transaction and block.
  func open(
    _ payees: [Address], deposit: UInt128, graceSeconds: UInt32 = 2, graceBlocks: UInt32 = 1
  ) throws -> [ChannelDescriptor] {
    let terms = payees.map {
      ChannelTerms(
        payee: $0, graceSeconds: graceSeconds, graceBlocks: graceBlocks, deposit: deposit)
    }
    var channels: [ChannelDescriptor] = []
    for start in stride(from: 0, to: terms.count, by: 256) {
      let part = Array(terms[start..<min(start + 256, terms.count)])
      let first = try vault(Self.payer).openCount
      channels += part.enumerated().map {
        $1.descriptor(payer: Self.payer, openCount: first + UInt64($0), in: domain)
      }
      try mine([
        transaction(
          .open(part), by: Self.payerKey, nonce: nonce(Self.payer),
          gasLimit: 100_000 + 40_000 * UInt64(part.count))
      ])
    }
    return channels
  }

  func settlement(_ channel: ChannelDescriptor, _ amount: UInt128) throws -> ChannelSettlement {
    let voucher = try Voucher(channelID: channel.id, cumulativeAmount: amount)
      .signed(by: Self.payerKey, in: domain)
    return ChannelSettlement(
      channel: channel, cumulativeAmount: amount, signature: voucher.signature)
  }

  func word(_ slot: Hash256) throws -> Hash256 {
    try test.chain.view.state.storage(ChannelModule.address, slot)
  }

  func channel(_ channel: ChannelDescriptor) throws -> ChannelState? {
    let slots = ChannelWorld.slots(channel.id)
    return ChannelState(word: try word(slots[0]), closeRequestWord: try word(slots[1]))
  }

  func vault(_ payer: Address) throws -> ChannelVault {
    let word = UInt256(try word(ChannelWorld.vaultSlot(payer)))
    return ChannelVault(balance: word.low, openCount: UInt64(truncatingIfNeeded: word.high))
  }

  func blocksWithRoom() throws -> UInt64 {
    UInt64(truncatingIfNeeded: UInt256(try word(.zero)).low)
  }

  /// Proves the whole chain: money, tries, every block's roots.
  @discardableResult
  func verify() throws -> ChainVerifier.Report {
    var verifier = ChainVerifier(view: test.chain.view)
    return try verifier.verify()
  }
}
