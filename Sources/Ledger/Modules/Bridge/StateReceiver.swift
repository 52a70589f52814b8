internal import ChainTypes
internal import Primitives

/// The state receiver: 0x…1001.
///
///     validators ── attest ──► headers ◄── submit: a proof ── anybody
///                                 │
///                 inbox: a bit for each (root, id), in any order
///                    │ applied          │ failed ── retry, 7 days ── refund ──► outbox
///                    ▼                  ▼
///        BTT from the reserve,     kept by the hash of its data
///        tokens minted, mapped
///
/// It also collects validators' signatures over checkpoints of the outboxes. Storage:
/// `ReceiverStorage`.
enum StateReceiver {
  static let module = NativeModule(
    kind: .stateReceiver, functions: messageFunctions + validatorFunctions + views,
    events: StateReceiverModule.events)

  private static let messageFunctions: [NativeModule.Function] = [
    .init(abi: StateReceiverModule.submit, mutability: .nonpayable, gas: 500, body: submit),
    .init(abi: StateReceiverModule.retry, mutability: .nonpayable, gas: 500, body: retry),
    .init(abi: StateReceiverModule.refund, mutability: .nonpayable, gas: 500, body: refund),
  ]

  private static let validatorFunctions: [NativeModule.Function] = [
    .init(abi: StateReceiverModule.attest, mutability: .nonpayable, gas: 500, body: attest),
    .init(abi: StateReceiverModule.setPaused, mutability: .nonpayable, gas: 500, body: setPaused),
    .init(
      abi: StateReceiverModule.signCheckpoint, mutability: .nonpayable, gas: 500,
      body: signCheckpoint),
  ]
}
