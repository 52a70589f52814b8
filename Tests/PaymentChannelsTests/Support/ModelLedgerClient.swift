internal import ChainTypes
internal import KeyValueStore
internal import PaymentChannels
internal import Primitives
internal import Synchronization
internal import TestSupport

/// A `LedgerClient` over a `ModelLedger`, whose blocks a test mines, or which mines by itself
/// whenever something waits.
final class ModelLedgerClient: LedgerClient {
  private struct State {
    var ledger: ModelLedger
    var waiters: [CheckedContinuation<Void, Never>] = []
    var minesByItself = true
    var sent: [[UInt8]] = []
    var isReachable = true
    var isWithholding = false
  }

  private let state: Mutex<State>

  init(_ ledger: ModelLedger) { state = Mutex(State(ledger: ledger)) }

  var ledger: ModelLedger { state.withLock { $0.ledger } }

  /// Everything that was handed in.
  var sent: [[UInt8]] { state.withLock { $0.sent } }

  func setMining(_ isOn: Bool) { state.withLock { $0.minesByItself = isOn } }

  func setReachable(_ isOn: Bool) { state.withLock { $0.isReachable = isOn } }

  /// Whether the client lies about receipts: there are none.
  func setWithholding(_ isOn: Bool) { state.withLock { $0.isWithholding = isOn } }

  func setFees(_ fees: LedgerFees) { state.withLock { $0.ledger.fees = fees } }

  func mine(after seconds: UInt64 = 1) {
    let waiters = state.withLock { state in
      state.ledger.mine(time: state.ledger.head.time + seconds)
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  private func read<Value: Sendable>(
    _ body: (ModelLedger) -> Value
  ) throws(LedgerClientError) -> Value {
    let value = state.withLock { $0.isReachable ? body($0.ledger) : nil }
    guard let value else { throw LedgerClientError(.unreachable, "nobody answers") }
    return value
  }

  func chainID() throws(LedgerClientError) -> UInt64 { try read { $0.domain.chainID } }

  func head() throws(LedgerClientError) -> LedgerHead { try read(\.head) }

  func channels(_ ids: [ChannelID]) throws(LedgerClientError) -> LedgerChannels {
    try read { ledger in
      LedgerChannels(
        head: ledger.head, roomBlocks: ledger.roomBlocks,
        states: ids.map { ledger.channels[$0]?.state })
    }
  }

  func vault(of payer: Address) throws(LedgerClientError) -> ChannelVault {
    try read { $0.vault(payer) }
  }

  func graceBounds() -> ChannelGraceBounds {
    ChannelGraceBounds(seconds: 2...9_999, blocks: 1...9_999)
  }

  func account(_ address: Address) throws(LedgerClientError) -> LedgerAccount {
    try read { ledger in
      LedgerAccount(
        balance: UInt256(ledger.balances[address] ?? 0), nonce: ledger.nonces[address] ?? 0)
    }
  }

  func fees() throws(LedgerClientError) -> LedgerFees { try read(\.fees) }

  func estimateGas(from sender: Address, to module: Address, data: [UInt8], value: UInt128)
    -> UInt64
  { 100_000 }

  func send(_ rawTransaction: [UInt8]) throws(LedgerClientError) -> Hash256 {
    let result: Result<Hash256, LedgerClientError> = state.withLock { state in
      state.sent.append(rawTransaction)
      do throws(LedgerClientError) {
        return .success(try state.ledger.submit(rawTransaction))
      } catch {
        return .failure(error)
      }
    }
    if state.withLock({ $0.minesByItself }) { mine() }
    return try result.get()
  }

  func receipt(of transaction: Hash256) throws(LedgerClientError) -> LedgerReceipt? {
    let isWithholding = state.withLock { $0.isWithholding }
    return try read { isWithholding ? nil : $0.receipts[transaction] }
  }

  func blocks(after height: UInt64, limit: Int) async throws(LedgerClientError) -> [LedgerBlock] {
    while true {
      let blocks = try read { Array($0.blocks(after: height).prefix(limit)) }
      if !blocks.isEmpty { return blocks }
      if Task.isCancelled { throw LedgerClientError(.unreachable, "cancelled") }
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let isLate = state.withLock { state in
            if Task.isCancelled || !state.ledger.blocks(after: height).isEmpty { return true }
            state.waiters.append(continuation)
            return false
          }
          if isLate { continuation.resume() }
        }
      } onCancel: {
        let waiters = state.withLock { state in
          defer { state.waiters = [] }
          return state.waiters
        }
        for waiter in waiters { waiter.resume() }
      }
    }
  }
}

/// A test's time.
struct TestChannelClock: ChannelClock {
  let clock = ManualClock()
  let start: Duration = .seconds(1_700_000_000)

  var now: Duration { start + clock.now.offset }

  func sleep(for duration: Duration) async throws {
    try await clock.sleep(until: clock.now.advanced(by: duration), tolerance: nil)
  }
}
