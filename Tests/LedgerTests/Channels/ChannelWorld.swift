import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport

/// The module of payment channels on a state in memory, called without blocks around it.
struct ChannelWorld {
  static let rules = ChannelRules(
    graceSeconds: .init(2...1_000, standard: 10), graceBlocks: .init(1...100, standard: 2))
  static let funds: UInt128 = 1 << 120
  /// The order of secp256k1's group (SEC 2).
  static let order = UInt256(
    high: 0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe,
    low: 0xbaae_dce6_af48_a03b_bfd2_5e8c_d036_4141)

  let domain = ChannelDomain(chainID: 1_337)
  let state: StateOverlay
  var block = BlockContext(
    chainID: 1_337, number: 10, timestamp: 1_000, baseFee: 1, feeRecipient: Address(0xfee),
    gasLimit: 240_000_000)
  private let executor: Executor

  /// A world in which these accounts have `funds` each.
  init(accounts: [Address]) throws {
    executor = Executor(genesis: TestChain.channelGenesis())
    state = StateOverlay(over: Nothing())
    let code = state.addCode(ModuleKind.channels.markerCode)
    try state.setAccount(ChannelModule.address, Account(nonce: 1, codeHash: code))
    for account in accounts { _ = try state.credit(account, UInt256(Self.funds)) }
    _ = state.takeLogs()
  }

  /// Calls the module.
  func call(
    _ data: [UInt8], from sender: Address, value: UInt128 = 0, gas: UInt64 = 100_000_000
  ) throws -> CallOutcome {
    try executor.call(
      Message(
        from: sender, to: ChannelModule.address, value: UInt256(value), data: data, gas: gas),
      in: block, on: state)
  }

  /// Calls the module, and forgets how to undo it.
  func run(
    _ call: ChannelCall, from sender: Address, value: UInt128 = 0
  ) throws -> CallOutcome {
    defer { _ = state.takeLogs() }
    return try self.call(try call.encoded(), from: sender, value: value)
  }

  /// A block passes.
  mutating func advance(seconds: UInt64, hasRoom: Bool = true) throws {
    block.number += 1
    block.timestamp += seconds
    if hasRoom { try setRoom(try room() + 1) }
  }

  func room() throws -> UInt64 {
    UInt64(truncatingIfNeeded: UInt256(try word(UInt256.zero.word)).low)
  }

  func setRoom(_ count: UInt64) throws {
    try state.setStorage(ChannelModule.address, UInt256.zero.word, UInt256(count).word)
  }

  func balance(_ account: Address) throws -> UInt256 {
    try state.account(account)?.balance ?? .zero
  }

  func word(_ slot: Hash256) throws -> Hash256 {
    try state.storage(ChannelModule.address, slot)
  }

  /// The slots of a channel as Solidity lays them out: computed here once more.
  static func slots(_ id: ChannelID) -> [Hash256] {
    let first = Keccak256.hash(id.bytes + UInt256(2).word.bytes)
    return [first, (UInt256(first) &+ 1).word]
  }

  static func vaultSlot(_ payer: Address) -> Hash256 {
    Keccak256.hash([UInt8](repeating: 0, count: 12) + payer.bytes + UInt256(1).word.bytes)
  }

  func channel(_ id: ChannelID) throws -> ChannelState? {
    let slots = Self.slots(id)
    return ChannelState(word: try word(slots[0]), closeRequestWord: try word(slots[1]))
  }

  func vault(_ payer: Address) throws -> ChannelVault {
    let word = UInt256(try word(Self.vaultSlot(payer)))
    return ChannelVault(balance: word.low, openCount: UInt64(truncatingIfNeeded: word.high))
  }

  /// Every word of the module and every balance that is not zero, to compare worlds by.
  func dump() throws -> [String] {
    var lines: [String] = []
    for (address, slots) in state.touched {
      let money = try balance(address)
      if !money.isZero { lines.append("\(address) \(money)") }
      for slot in slots {
        let word = try state.storage(address, slot)
        if !word.isZero { lines.append("\(slot) \(word)") }
      }
    }
    return lines
  }

  private struct Nothing: StateReader {
    func account(_ address: Address) throws -> Account? { nil }
    func storage(_ address: Address, _ slot: Hash256) throws -> Hash256 { .zero }
    func code(_ hash: Hash256) throws -> [UInt8] { [] }
  }
}

extension CallOutcome {
  /// Why the module refused, found by the text of the revert.
  var failure: ChannelFailure? {
    guard status == .reverted, case .reason(let text)? = ABIRevert(decoding: output) else {
      return nil
    }
    return ChannelFailure.allCases.first { text.hasSuffix(": \($0)") }
  }
}

extension TestChain {
  /// The test genesis with payment channels.
  static func channelGenesis(_ adjust: (inout Genesis) -> Void = { _ in }) -> Genesis {
    genesis {
      $0.modules[ChannelModule.address] = .channels
      $0.channels = ChannelWorld.rules
      adjust(&$0)
    }
  }
}
