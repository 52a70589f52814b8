import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// The modules of the bridge on a state in memory, and root chains that are nothing but blocks of
/// logs.
final class BridgeWorld {
  static let users = TestChain.keys.map(\.address)
  static let validators = (0..<4).map { TestChain.key(900 + UInt64($0)) }
  static let million = UInt256(1_000_000) &* (UInt256.powerOfTen(18) ?? .one)

  static func root(_ id: RootID) -> BridgeRules.Root {
    let base = UInt32(id.rawValue) << 8
    return BridgeRules.Root(
      chainID: 10 + id.rawValue, stateSender: Address(base + 1), checkpoints: Address(base + 2),
      manager: Address(base + 3), btt: Address(base + 4))
  }

  /// The test genesis with two root chains, and four validators of weights 1, 1, 1 and 2.
  static func genesis() -> Genesis {
    TestChain.genesis {
      $0.modules[StateReceiverModule.address] = .stateReceiver
      $0.bridge = BridgeRules(home: .eth, roots: [.eth: root(.eth), .bsc: root(.bsc)])
      $0.validators =
        validators.enumerated().map {
          .init(address: $1.address, weight: $0 == 3 ? 2 : 1, makesBlocks: true)
        }.sorted { $0.address < $1.address }
    }
  }

  let genesis = BridgeWorld.genesis()
  let chain: TestChain
  private(set) var nonces: [Address: UInt64] = [:]
  private var keys: [Address: PrivateKey] = [:]
  private(set) var time: UInt64 = 2_000
  /// The next block of each root chain, and the next id of its state sender.
  private var nextBlock: [RootID: UInt64] = [:]
  private var nextID: [RootID: UInt64] = [:]

  init() throws {
    chain = try TestChain(genesis: genesis)
    for key in TestChain.keys + Self.validators { keys[key.address] = key }
    // Validators need coin for gas.
    let funding = try Self.validators.enumerated().map {
      try TestChain.transfer(
        from: TestChain.keys[7], nonce: UInt64($0), to: $1.address, value: Self.million / 1_000)
    }
    nonces[TestChain.keys[7].address] = UInt64(funding.count)
    try mine(funding)
  }

  private func mine(_ transactions: [SignedTransaction]) throws {
    time += 2
    var source = ListSource(try transactions.map { try RecoveredTransaction(recovering: $0) })
    let prepared = try chain.chain.build(
      BlockAttributes(timestamp: time, feeRecipient: Self.validators[0].address), from: &source)
    try #require(source.refused.isEmpty)
    let seal = try BlockSeal(
      chainID: genesis.chainID, height: prepared.block.header.number, blockHash: prepared.hash,
      key: Self.validators[0])
    try chain.chain.commit(prepared, seal: seal)
  }

  func advance(seconds: UInt64) throws {
    time += seconds
    try mine([])
  }

  var view: ChainView { chain.chain.view }
  var height: UInt64 { view.head.number }

  /// What a transaction gave: its output as the call on the state before it gives it, its logs, and
  /// why it was refused.
  struct Outcome {
    var output: [UInt8]
    var logs: [Log]
    var refusal: String?
    var gasUsed: UInt64
  }

  /// Sends a call in a block of its own.
  @discardableResult
  func send(
    _ data: [UInt8], to: Address, from sender: Address, value: UInt256 = .zero,
    gas: UInt64 = 20_000_000
  ) throws -> Outcome {
    var request = CallRequest()
    (request.from, request.to, request.data) = (sender, to, data)
    (request.value, request.gas) = (value, gas)
    let tried = try view.call(request, at: height)
    let key = try #require(keys[sender])
    let nonce = nonces[sender, default: 0]
    let transaction = try TestChain.transfer(
      from: key, nonce: nonce, to: to, value: value, gasLimit: gas, data: data)
    nonces[sender] = nonce + 1
    try mine([transaction])
    let receipt = try #require(try view.receipts(height)?.last)
    var refusal: String?
    if !receipt.receipt.succeeded {
      refusal = ABIRevert(decoding: tried.output)?.description ?? "\(tried.status)"
    }
    return Outcome(
      output: tried.output, logs: receipt.receipt.logs, refusal: refusal,
      gasUsed: receipt.gasUsed)
  }

  /// Calls a function in a block of its own.
  @discardableResult
  func send(
    _ function: ABIFunction, _ arguments: [ABIValue], to: Address = StateReceiverModule.address,
    from sender: Address = BridgeWorld.users[0], value: UInt256 = .zero
  ) throws -> Outcome {
    try send(try function.encodeCall(arguments), to: to, from: sender, value: value)
  }

  /// What a view gives now.
  func view(
    _ function: ABIFunction, _ arguments: [ABIValue] = [],
    of module: Address = StateReceiverModule.address
  ) throws -> [ABIValue] {
    var request = CallRequest()
    request.to = module
    request.data = try function.encodeCall(arguments)
    let outcome = try view.call(request, at: height)
    try #require(outcome.succeeded, "\(ABIRevert(decoding: outcome.output)?.description ?? "")")
    return try function.decodeResult(outcome.output)
  }

  func number(
    _ function: ABIFunction, _ arguments: [ABIValue] = [],
    of module: Address = StateReceiverModule.address
  ) throws -> UInt256 {
    guard case .uint(let value) = try view(function, arguments, of: module).first else {
      return .max
    }
    return value
  }

  func balance(_ account: Address, of token: Address? = nil) throws -> UInt256 {
    guard let token else { return try view.state.account(account)?.balance ?? .zero }
    return try number(BridgedTokenModule.balanceOf, [.address(account)], of: token)
  }

  // MARK: Root chains

  /// The next message of a root chain's state sender.
  func message(_ content: StateMessage, of root: RootID = .eth) -> StateSynced {
    let id = nextID[root, default: 1]
    nextID[root] = id + 1
    return StateSynced(id: id, data: content.encoded)
  }

  /// A block of a root chain with these logs, a transaction each.
  func block(_ logs: [Log], of root: RootID = .eth, salt: UInt64 = 0) throws -> RootBlockFixture {
    let number = nextBlock[root, default: 1_000]
    nextBlock[root] = number + 1
    return try #require(
      RootBlockFixture(number: number, logs: logs.map { [$0] } + [[]], salt: salt))
  }

  static func header(_ block: RootBlockFixture) -> ABIValue {
    let header = block.proofs.header
    return .tuple([.uint(UInt256(header.number)), .hash(header.hash), .hash(header.receiptsRoot)])
  }

  /// A validator's votes.
  @discardableResult
  func attest(
    _ blocks: [RootBlockFixture], of root: RootID = .eth, by validator: Int
  ) throws -> (results: [AttestationResult], outcome: Outcome) {
    let outcome = try send(
      StateReceiverModule.attest,
      [.uint(UInt256(root.rawValue)), .array(blocks.map(Self.header))],
      from: Self.validators[validator].address)
    guard outcome.refusal == nil,
      case .array(let values)? = try StateReceiverModule.attest.decodeResult(outcome.output).first
    else { return ([], outcome) }
    let results = values.compactMap { value -> AttestationResult? in
      guard case .uint(let code) = value else { return nil }
      return AttestationResult(rawValue: UInt8(code.low))
    }
    return (results, outcome)
  }

  /// The votes of a quorum: 4 of 5.
  func attestAll(_ blocks: [RootBlockFixture], of root: RootID = .eth) throws {
    for validator in [3, 0, 1] { try attest(blocks, of: root, by: validator) }
  }

  /// Brings messages in one attested block; gives each one's status and reason.
  @discardableResult
  func deliver(
    _ messages: [StateSynced], of root: RootID = .eth
  ) throws -> [(status: MessageStatus, reason: MessageFailure?)] {
    let sender = Self.root(root).stateSender
    let block = try block(messages.map { $0.log(from: sender) }, of: root)
    try attestAll([block], of: root)
    return try messages.indices.map { try submit(block, of: root, transaction: $0) }
  }

  func submit(
    _ block: RootBlockFixture, of root: RootID = .eth, transaction: Int
  ) throws -> (status: MessageStatus, reason: MessageFailure?) {
    let proof = try #require(block.proof(root: root, transaction: transaction, log: 0))
    let outcome = try send(
      try proof.encodedCall(), to: StateReceiverModule.address, from: Self.users[1])
    try #require(outcome.refusal == nil, "\(outcome.refusal ?? "")")
    let values = try StateReceiverModule.submit.decodeResult(outcome.output)
    guard case .uint(let status) = values[1], case .uint(let reason) = values[2] else {
      return (.unknown, nil)
    }
    return (
      try #require(MessageStatus(rawValue: UInt8(status.low))),
      MessageFailure(rawValue: UInt8(reason.low))
    )
  }

  /// A deposit's message.
  func deposit(
    _ amount: UInt256, of token: Address? = nil, to user: Address = BridgeWorld.users[2],
    by depositor: Address = Address(0xde), root: RootID = .eth
  ) -> StateSynced {
    message(
      .deposit(
        BridgeDeposit(
          user: user, rootToken: token ?? Self.root(root).btt, rootID: root.rawValue,
          amount: amount, depositor: depositor)), of: root)
  }

  /// A mapping's message.
  func mapping(
    _ token: Address, child: Address? = nil, root: RootID = .eth, name: String = "Tether USD ₮",
    symbol: String = "USDT"
  ) -> StateSynced {
    message(
      .mapToken(
        TokenMapping(
          rootToken: token,
          childToken: child ?? BridgedToken.address(rootID: root.rawValue, rootToken: token),
          rootID: root.rawValue, kind: token == BridgedToken.ether ? .ether : .erc20,
          name: Array(name.utf8), symbol: Array(symbol.utf8), decimals: 6)), of: root)
  }

  func status(_ id: UInt64, root: RootID = .eth) throws -> MessageStatus {
    let code = try number(
      StateReceiverModule.message, [.uint(UInt256(root.rawValue)), .uint(UInt256(id))])
    return try #require(MessageStatus(rawValue: UInt8(code.low)))
  }

  func book(_ root: RootID = .eth) throws -> UInt256 {
    try number(
      WithdrawalModule.book, [.uint(UInt256(root.rawValue))], of: WithdrawalModule.address)
  }

  /// The leaves of a root chain's outbox, by the view that clients read them with.
  func withdrawals(_ root: RootID = .eth) throws -> [Withdrawal] {
    let values = try view(
      WithdrawalModule.withdrawals, [.uint(UInt256(root.rawValue)), .uint(0), .uint(256)],
      of: WithdrawalModule.address)
    guard case .array(let items)? = values.first else { return [] }
    return items.enumerated().compactMap { index, item in
      guard case .tuple(let fields) = item, case .address(let token) = fields[0],
        case .address(let receiver) = fields[1], case .uint(let amount) = fields[2],
        case .uint(let height) = fields[3]
      else { return nil }
      return Withdrawal(
        index: UInt64(index), rootToken: token, receiver: receiver, amount: amount,
        height: UInt64(height.low))
    }
  }

  /// The root and count of an outbox.
  func outbox(_ root: RootID = .eth) throws -> (root: Hash256, count: UInt64) {
    let values = try view(
      WithdrawalModule.outbox, [.uint(UInt256(root.rawValue))], of: WithdrawalModule.address)
    guard case .fixedBytes(let bytes) = values[0], case .uint(let count) = values[1] else {
      return (.zero, .max)
    }
    return (try #require(Hash256(bytes)), UInt64(count.low))
  }

  /// That the database holds together, money and tokens included.
  func verify() throws {
    var verifier = ChainVerifier(view: view)
    _ = try verifier.verify()
  }
}

extension UInt256 {
  static func / (left: UInt256, right: UInt64) -> UInt256 {
    left.divided(by: UInt256(right)) ?? .zero
  }
}
