internal import ChainTypes
internal import Primitives

/// The state that a genesis file describes.
enum GenesisState {
  /// Writes accounts, the reserve, and the modules' first words.
  static func write(_ genesis: Genesis, to state: StateOverlay) throws {
    for (address, allocation) in genesis.allocations.sorted(by: { $0.key < $1.key }) {
      try state.setAccount(
        address, Account(nonce: allocation.nonce, balance: allocation.balance))
    }
    for (address, kind) in genesis.modules.sorted(by: { $0.key < $1.key }) {
      let code = state.addCode(kind.markerCode)
      try state.setAccount(address, Account(nonce: 1, codeHash: code))
      switch kind {
      case .validatorSet: try writeValidators(genesis, at: address, to: state)
      case .btt: try state.setStorage(address, BTTModule.issuedSlot, genesis.supply.word)
      case .channels, .stateReceiver, .bridgedToken: break
      }
    }
    let reserve = genesis.supply &- (genesis.allocated ?? .zero)
    if genesis.bridge != nil {
      // What becomes a token later finds its code.
      _ = state.addCode(ModuleKind.bridgedToken.markerCode)
      try state.setStorage(
        Genesis.reserveAddress, OutboxStorage.reserveAtGenesis, reserve.word)
    }
    _ = try state.credit(Genesis.reserveAddress, reserve)
  }

  private static func writeValidators(
    _ genesis: Genesis, at address: Address, to state: StateOverlay
  ) throws {
    typealias Layout = ValidatorSetModule
    var total: UInt64 = 0
    for (index, validator) in genesis.validators.enumerated() {
      total &+= validator.weight
      let member = StorageLayout.word(validator.address)
      try state.setStorage(
        address,
        StorageLayout.element(UInt64(index), ofArrayAt: Layout.validatorsSlot), member)
      try state.setStorage(
        address, StorageLayout.mapping(validator.address, at: Layout.weightSlot),
        UInt256(validator.weight).word)
      if validator.makesBlocks {
        try state.setStorage(
          address, StorageLayout.mapping(validator.address, at: Layout.blockMakerSlot),
          UInt256.one.word)
      }
    }
    try state.setStorage(
      address, StorageLayout.slot(Layout.validatorsSlot),
      UInt256(UInt64(genesis.validators.count)).word)
    try state.setStorage(
      address, StorageLayout.slot(Layout.totalWeightSlot), UInt256(total).word)
  }
}
