import ChainTypes
import Primitives
import Synchronization

/// A ledger that is told what happens on it, and takes no transactions.
final class OneChannelLedger: LedgerClient {
  private let state = Mutex([LedgerBlock]())
  private let sent = Mutex(0)
  private let asked = Mutex([UInt128]())
  private let gate = Mutex(Gate())
  let domain = ChannelDomain(chainID: 1_337)

  private struct Gate {
    var isClosed = false
    var waiting: [CheckedContinuation<Void, Never>] = []
  }

  func mine(_ events: [ChannelEvent]) {
    state.withLock { blocks in
      let height = UInt64(blocks.count + 1)
      blocks.append(
        LedgerBlock(
          head: LedgerHead(height: height, hash: .zero, time: 1_700_000_000 + height),
          events: events))
    }
  }

  /// How many transactions were refused.
  var attempts: Int { sent.withLock { $0 } }

  /// The coin that transactions were to take along, in wei.
  var values: [UInt128] { asked.withLock { $0 } }

  /// From now on transactions that are made wait, until the gate opens.
  func closeGate() { gate.withLock { $0.isClosed = true } }

  func openGate() {
    let waiting = gate.withLock { gate in
      defer { gate = Gate() }
      return gate.waiting
    }
    for waiter in waiting { waiter.resume() }
  }

  func chainID() -> UInt64 { domain.chainID }

  func head() -> LedgerHead {
    state.withLock { $0.last?.head ?? LedgerHead(height: 0, hash: .zero, time: 1_700_000_000) }
  }

  func blocks(after height: UInt64, limit: Int) -> [LedgerBlock] {
    state.withLock { Array($0.dropFirst(Int(height)).prefix(limit)) }
  }

  func graceBounds() -> ChannelGraceBounds {
    ChannelGraceBounds(seconds: 2...9_999, blocks: 1...99)
  }
  func account(_ address: Address) -> LedgerAccount { LedgerAccount(balance: .zero, nonce: 0) }
  func fees() -> LedgerFees { LedgerFees(baseFee: .zero, priorityFee: .zero) }
  func vault(of payer: Address) -> ChannelVault { ChannelVault(balance: 0, openCount: 0) }
  func receipt(of transaction: Hash256) -> LedgerReceipt? { nil }

  func channels(_ ids: [ChannelID]) -> LedgerChannels {
    LedgerChannels(head: head(), roomBlocks: 0, states: ids.map { _ in nil })
  }

  func estimateGas(
    from sender: Address, to module: Address, data: [UInt8], value: UInt128
  ) async -> UInt64 {
    asked.withLock { $0.append(value) }
    await withCheckedContinuation { waiter in
      let isOpen = gate.withLock { gate in
        if gate.isClosed { gate.waiting.append(waiter) }
        return !gate.isClosed
      }
      if isOpen { waiter.resume() }
    }
    return 0
  }

  func send(_ rawTransaction: [UInt8]) throws(LedgerClientError) -> Hash256 {
    sent.withLock { $0 += 1 }
    throw LedgerClientError(.refused, "nothing is sent here")
  }
}
