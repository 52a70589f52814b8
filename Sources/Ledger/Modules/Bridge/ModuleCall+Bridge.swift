internal import ChainTypes
internal import Primitives

/// What the modules of the bridge share.
extension ModuleCall {
  /// What genesis says of a root chain.
  func root(_ id: UInt64) throws -> BridgeRules.Root {
    guard let bridge = genesis.bridge else {
      throw ModuleFailure.reverted("this chain has no bridge")
    }
    guard let root = bridge.root(id) else {
      throw ModuleFailure.reverted("no root chain has the id \(id)")
    }
    return root
  }

  /// The same of a root chain that does not stand still.
  mutating func activeRoot(_ id: UInt64) throws -> BridgeRules.Root {
    let root = try root(id)
    guard try !isPaused(id) else {
      throw ModuleFailure.reverted(
        "root chain \(id) is paused by validators: nothing is lost, try again when it goes on")
    }
    return root
  }

  /// Whether validators with more than a third of the weight want a root chain to stand still.
  mutating func isPaused(_ root: UInt64) throws -> Bool {
    let pausing = UInt256(try load(ReceiverStorage.pausing(root), of: ReceiverStorage.account))
    if pausing.isZero { return false }
    return pausing &* 3 > (try totalWeight())
  }

  /// The caller's weight, who must be a validator.
  mutating func callersWeight() throws -> UInt256 {
    let weight = try weight(of: message.from)
    guard !weight.isZero else { throw ModuleFailure.reverted("only validators may do this") }
    return weight
  }

  /// A validator's weight; zero for anybody else.
  mutating func weight(of validator: Address) throws -> UInt256 {
    UInt256(
      try load(
        StorageLayout.mapping(validator, at: ValidatorSetModule.weightSlot),
        of: Genesis.validatorSetAddress))
  }

  /// The weight of all validators.
  mutating func totalWeight() throws -> UInt256 {
    UInt256(
      try load(
        StorageLayout.slot(ValidatorSetModule.totalWeightSlot), of: Genesis.validatorSetAddress))
  }

  /// The number of the validator set.
  mutating func epoch() throws -> UInt64 {
    try load(
      StorageLayout.slot(ValidatorSetModule.epochSlot), of: Genesis.validatorSetAddress
    ).uint64()
  }

  /// A bridged token, or nil when there is none at the address.
  mutating func tokenInfo(_ child: Address) throws -> TokenInfo? {
    TokenInfo(word: try load(ReceiverStorage.tokenInfo(child), of: ReceiverStorage.account))
  }

  /// A bridged token's supply.
  mutating func supply(of child: Address) throws -> UInt256 {
    UInt256(try load(ReceiverStorage.supply(child), of: ReceiverStorage.account))
  }

  mutating func setSupply(_ supply: UInt256, of child: Address) throws {
    try store(ReceiverStorage.supply(child), supply.word, of: ReceiverStorage.account)
  }

  /// Whether an account has no use for what a bridge brings: it is zero, or a module.
  mutating func takesNothing(_ account: Address) throws -> Bool {
    try charge(ModuleGas.balance)
    if account == .zero { return true }
    return try state.account(account)?.hasCode ?? false
  }
}

/// The word that says what a bridged token is.
struct TokenInfo: Hashable {
  var rootID: UInt64
  var rootToken: Address
  var decimals: UInt8

  init(rootID: UInt64, rootToken: Address, decimals: UInt8) {
    self.rootID = rootID
    self.rootToken = rootToken
    self.decimals = decimals
  }

  /// Reads the word; nil when it is zero.
  init?(word: Hash256) {
    guard !word.isZero else { return nil }
    rootID = word.uint64()
    rootToken = Address(truncating: (UInt256(word) >> 64).word)
    decimals = UInt8(truncatingIfNeeded: word.uint64(above: 224))
  }

  /// From the lowest bit: root id (64), root token (160), decimals (8).
  var word: Hash256 {
    (UInt256(rootID) | UInt256(StorageLayout.word(rootToken)) << 64
      | UInt256(UInt64(decimals)) << 224).word
  }
}
