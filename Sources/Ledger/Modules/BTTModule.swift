internal import ChainTypes
internal import Primitives

/// BTT, the native coin, as an ERC-20 token: 0x…1010.
///
/// The module's own balance is the reserve, the money that nobody holds. `transfer` moves native
/// coin and leaves ERC-20's event, which a plain transaction does not.
///
/// Storage: slot 0 holds the coin ever issued, slot 1 the coin burned since; `OutboxStorage` has
/// what the bridge keeps here.
enum BTTModule {
  static let issuedSlot = StorageLayout.slot(0)
  static let burnedSlot = StorageLayout.slot(1)

  static let transferEvent = ABIEvent(
    "Transfer(address indexed from, address indexed to, uint256 value)")

  static let module = NativeModule(
    kind: .btt,
    functions: [
      .init(abi: ABIFunction("name()", returns: "string"), mutability: .view, gas: 100) { _, _ in
        text("BitTorrent")
      },
      .init(abi: ABIFunction("symbol()", returns: "string"), mutability: .view, gas: 100) { _, _ in
        text("BTT")
      },
      .init(abi: ABIFunction("decimals()", returns: "uint8"), mutability: .view, gas: 100) { _, _ in
        UInt256(18).word.bytes
      },
      .init(abi: ABIFunction("totalSupply()", returns: "uint256"), mutability: .view, gas: 100) {
        call, _ in
        let issued = UInt256(try call.load(issuedSlot))
        return (issued &- UInt256(try call.load(burnedSlot))).word.bytes
      },
      .init(abi: ABIFunction("burned()", returns: "uint256"), mutability: .view, gas: 100) {
        call, _ in try call.load(burnedSlot).bytes
      },
      .init(abi: ABIFunction("reserve()", returns: "uint256"), mutability: .view, gas: 100) {
        call, _ in try call.balance(of: call.message.to).word.bytes
      },
      .init(
        abi: ABIFunction("circulatingSupply()", returns: "uint256"), mutability: .view, gas: 100
      ) { call, _ in
        let issued = UInt256(try call.load(issuedSlot))
        let held = issued &- UInt256(try call.load(burnedSlot))
        return (held &- (try call.balance(of: call.message.to))).word.bytes
      },
      .init(
        abi: ABIFunction("balanceOf(address account)", returns: "uint256"), mutability: .view,
        gas: 100
      ) { call, reader in try call.balance(of: try reader.readAddress()).word.bytes },
      .init(
        abi: ABIFunction("transfer(address to, uint256 value)", returns: "bool"),
        mutability: .payable, gas: 500, body: transfer),
    ] + withdrawalFunctions,
    events: [
      transferEvent, WithdrawalModule.withdrawToEvent, WithdrawalModule.withdrawalAdded,
    ])

  /// Moves coin of the caller: from its balance, or as BTTC's own token wants it, sent along.
  private static func transfer(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let to = try reader.readAddress()
    let value = try reader.readUInt256()
    let sent = call.message.value
    guard sent.isZero || sent == value else {
      throw ModuleFailure.reverted("the coin sent along must be none, or the value to transfer")
    }
    guard to != call.message.to else {
      throw ModuleFailure.reverted("the reserve takes no transfers")
    }
    try call.transfer(from: sent.isZero ? call.message.from : call.message.to, to: to, value)
    try call.emit(
      transferEvent, [.address(call.message.from), .address(to), .uint(value)],
      of: call.message.to)
    return UInt256.one.word.bytes
  }

  private static func text(_ string: String) -> [UInt8] {
    var writer = ABIWriter()
    writer.append(string)
    return writer.bytes
  }
}
