import ChainTypes
import Primitives
import Synchronization

/// A ledger of channels without blocks: what is done is final.
final class TestLedger: Sendable {
  struct Entry {
    var descriptor: ChannelDescriptor
    var deposit: UInt128
    var settled: UInt128 = 0
    var isClosed = false
  }

  private let state = Mutex((entries: [ChannelID: Entry](), opened: UInt64(0)))
  let domain = ChannelDomain(chainID: 1_029)

  func open(payer: Address, payee: Address, deposit: UInt128, grace: UInt32) -> ChannelDescriptor {
    state.withLock { state in
      let descriptor = ChannelDescriptor(
        payer: payer, payee: payee, graceSeconds: max(grace, 900), graceBlocks: 60,
        openCount: state.opened, module: domain.module, chainID: domain.chainID)
      state.opened += 1
      state.entries[descriptor.id] = Entry(descriptor: descriptor, deposit: deposit)
      return descriptor
    }
  }

  func entry(_ id: ChannelID) -> Entry? { state.withLock { $0.entries[id] } }

  /// The channels of a payer, the oldest first.
  func entries(payer: Address) -> [Entry] {
    state.withLock { state in
      state.entries.values.filter { $0.descriptor.payer == payer }
        .sorted { $0.descriptor.openCount < $1.descriptor.openCount }
    }
  }

  func topUp(_ id: ChannelID, by amount: UInt128) -> UInt128 {
    state.withLock { state in
      state.entries[id]?.deposit += amount
      return state.entries[id]?.deposit ?? 0
    }
  }

  func close(_ id: ChannelID, paying amount: UInt128) {
    state.withLock { state in
      state.entries[id]?.settled = amount
      state.entries[id]?.isClosed = true
    }
  }

  /// How many channels were ever opened.
  var count: Int { state.withLock { Int($0.opened) } }
}
