import ChainTypes
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

/// Whoever may call `eth_call` may put any words into the modules' storage for it.
@Suite("A call that overrides the storage of the bridge's modules", .timeLimit(.minutes(5)))
struct BridgeOverrideTests {
  private static let token = Address(0x70c1)
  private static let child = BridgedToken.address(
    rootID: RootID.eth.rawValue, rootToken: token)

  private static let modules: [(address: Address, functions: [ABIFunction])] = [
    (StateReceiverModule.address, StateReceiverModule.functions),
    (
      WithdrawalModule.address,
      [
        WithdrawalModule.withdrawTo, WithdrawalModule.withdrawToHome, WithdrawalModule.outbox,
        WithdrawalModule.outboxRoot, WithdrawalModule.withdrawal, WithdrawalModule.withdrawals,
        WithdrawalModule.book,
      ]
    ),
    (
      child,
      [
        BridgedTokenModule.rootID, BridgedTokenModule.rootToken, BridgedTokenModule.name,
        BridgedTokenModule.symbol, BridgedTokenModule.decimals, BridgedTokenModule.totalSupply,
        BridgedTokenModule.balanceOf, BridgedTokenModule.transfer, BridgedTokenModule.allowance,
        BridgedTokenModule.approve, BridgedTokenModule.transferFrom, WithdrawalModule.withdrawTo,
        WithdrawalModule.withdrawToHome,
      ]
    ),
  ]

  @Test("ends, whatever stands in every word that it reads")
  func everyWord() throws {
    var random = SeededGenerator()
    let world = try BridgeWorld()
    try world.deliver([world.mapping(Self.token)])
    let all: [@Sendable (inout SeededGenerator) -> UInt256] = [
      { _ in .max }, { _ in UInt256(UInt64.max) }, { _ in .one },
      { random in Self.number(256, &random) },
    ]
    for (module, functions) in Self.modules {
      for function in functions {
        for word in all {
          for _ in 0..<4 {
            var request = CallRequest()
            request.from = BridgeWorld.validators[0].address
            request.to = module
            request.gas = 1_000_000
            request.data = try function.encodeCall(
              function.inputs.map { Self.value($0, &random) })
            try Self.exhaust(request, world) { word(&random) }
          }
        }
      }
    }
  }

  /// Calls again with ever more words overridden, until it reads none that is not.
  private static func exhaust(
    _ request: CallRequest, _ world: BridgeWorld, _ word: () -> UInt256
  ) throws {
    var request = request
    for _ in 0..<6 {
      let list: [AccessListEntry]
      do {
        list = try world.view.accessList(request, at: world.height).list
      } catch is CallError {
        // What it reads costs more to list than it may use.
        return
      }
      var isNew = false
      for entry in list {
        for slot in entry.storageKeys
        where request.overrides[entry.address]?.slots[slot] == nil {
          request.overrides[entry.address, default: StateOverride()].slots[slot] = word().word
          isNew = true
        }
      }
      if !isNew { return }
    }
  }

  private static func value(_ type: ABIType, _ random: inout SeededGenerator) -> ABIValue {
    switch type {
    case .uint(let bits): .uint(number(bits, &random))
    case .address:
      .address([.zero, token, child, BridgeWorld.users[0]].randomElement(using: &random) ?? .zero)
    case .bool: .bool(Bool.random(using: &random))
    case .fixedBytes(let count):
      .fixedBytes([UInt8](repeating: Bool.random(using: &random) ? 0xff : 0, count: count))
    case .array(let element): .array((0..<3).map { _ in value(element, &random) })
    case .tuple(let members): .tuple(members.map { value($0, &random) })
    default: .bytes([UInt8](repeating: 1, count: Int.random(in: 0...65, using: &random)))
    }
  }

  private static func number(_ bits: Int, _ random: inout SeededGenerator) -> UInt256 {
    let most = UInt256.max >> (256 - bits)
    let edges: [UInt256] = [
      .zero, .one, UInt256(2), UInt256(3), UInt256(255), UInt256(256), most &- 255, most,
    ]
    return (edges.randomElement(using: &random) ?? .zero) & most
  }
}
