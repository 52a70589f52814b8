internal import ChainTypes
internal import Primitives

/// The validator set at 0x…1000, as genesis names it, for reading only.
///
/// Storage: slot 0 `address[] validators`, sorted; slot 1 `mapping(address => uint256) weightOf`;
/// slot 2 the epoch; slot 3 the weight of all; slot 4 `mapping(address => bool) isBlockMaker`.
enum ValidatorSetModule {
  static let validatorsSlot: UInt64 = 0
  static let weightSlot: UInt64 = 1
  static let epochSlot: UInt64 = 2
  static let totalWeightSlot: UInt64 = 3
  static let blockMakerSlot: UInt64 = 4

  static let module = NativeModule(
    kind: .validatorSet,
    functions: [
      .init(abi: ABIFunction("epoch()", returns: "uint256"), mutability: .view, gas: 100) {
        call, _ in try call.load(StorageLayout.slot(epochSlot)).bytes
      },
      .init(abi: ABIFunction("totalWeight()", returns: "uint256"), mutability: .view, gas: 100) {
        call, _ in try call.load(StorageLayout.slot(totalWeightSlot)).bytes
      },
      .init(
        abi: ABIFunction("weightOf(address validator)", returns: "uint256"), mutability: .view,
        gas: 100
      ) { call, reader in
        try call.load(StorageLayout.mapping(try reader.readAddress(), at: weightSlot)).bytes
      },
      .init(
        abi: ABIFunction("isBlockMaker(address validator)", returns: "bool"), mutability: .view,
        gas: 100
      ) { call, reader in
        try call.load(StorageLayout.mapping(try reader.readAddress(), at: blockMakerSlot)).bytes
      },
      .init(
        abi: ABIFunction("validatorCount()", returns: "uint256"), mutability: .view, gas: 100
      ) { call, _ in try call.load(StorageLayout.slot(validatorsSlot)).bytes },
      .init(
        abi: ABIFunction("validators(uint256 index)", returns: "address"), mutability: .view,
        gas: 100
      ) { call, reader in
        let index = try reader.readUInt64()
        guard UInt256(index) < UInt256(try call.load(StorageLayout.slot(validatorsSlot))) else {
          throw ModuleFailure.reverted("no such validator")
        }
        return try call.load(StorageLayout.element(index, ofArrayAt: validatorsSlot)).bytes
      },
      .init(
        abi: ABIFunction("getValidators()", returns: "(address[], uint256[])"),
        mutability: .view, gas: 100
      ) { call, _ in try all(&call) },
      .init(
        abi: ABIFunction("getBorValidators(uint256 number)", returns: "(address[], uint256[])"),
        mutability: .view, gas: 100
      ) { call, reader in
        _ = try reader.readUInt256()
        return try all(&call)
      },
    ],
    events: [])

  /// Every validator and its weight.
  private static func all(_ call: inout ModuleCall) throws -> [UInt8] {
    let count = UInt256(try call.load(StorageLayout.slot(validatorsSlot)))
    var addresses: [ABIValue] = []
    var weights: [ABIValue] = []
    for index in 0..<(UInt64(exactly: count) ?? 0) {
      // A call may override the count: whoever made it may be gone long before its gas is used up.
      try Task.checkCancellation()
      let word = try call.load(StorageLayout.element(index, ofArrayAt: validatorsSlot))
      let address = Address(truncating: word)
      addresses.append(.address(address))
      weights.append(
        .uint(UInt256(try call.load(StorageLayout.mapping(address, at: weightSlot)))))
    }
    return try ABI.encode(
      [.array(addresses), .array(weights)], as: [.array(.address), .array(.uint(256))])
  }
}
