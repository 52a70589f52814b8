package import ChainTypes
package import Primitives

/// The state while a block or a call runs: what changed, over what was there before.
///
/// Changes are journaled, so that a failed call can be undone to a checkpoint. Reading errors of
/// the store below pass through; nothing else fails.
package final class StateOverlay {
  struct Slot {
    let original: Hash256
    var current: Hash256
  }

  struct Entry {
    let address: Address
    let original: Account?
    var current: Account?
    var slots: [Hash256: Slot] = [:]

    var changedSlots: [Hash256: Slot] {
      slots.isEmpty ? slots : slots.filter { $0.value.original != $0.value.current }
    }
  }

  private enum Change {
    case account(Int, Account?)
    case slot(Int, Hash256, Hash256)
    case log
  }

  /// A moment that `revert(to:)` can return to.
  package struct Checkpoint { fileprivate let count: Int }

  private let base: any StateReader
  private(set) var entries: [Entry] = []
  private var indexes: [Address: Int] = [:]
  private var journal: [Change] = []
  private(set) var codes: [Hash256: [UInt8]] = [:]
  /// Logs since the last `takeLogs`.
  package private(set) var logs: [Log] = []
  /// Base fees that the block takes out of existence, in wei.
  var burned = UInt256.zero

  /// An overlay without changes over `base`.
  package init(over base: any StateReader) { self.base = base }

  /// Reads accounts on all cores, before what runs asks for one after the other.
  func prefetch(_ addresses: [Address]) throws {
    let unknown = Array(Set(addresses).subtracting(indexes.keys))
    let base = base
    let accounts = try Cores.map(unknown.count, pieces: 64) { range in
      try range.map { try base.account(unknown[$0]) }
    }
    for (address, account) in zip(unknown, accounts.joined()) {
      indexes[address] = entries.count
      entries.append(Entry(address: address, original: account, current: account))
    }
  }

  /// An account without its storage being touched, or nil when it is not in the state.
  package func account(_ address: Address) throws -> Account? {
    entries[try index(address)].current
  }

  /// A storage word.
  package func storage(_ address: Address, _ slot: Hash256) throws -> Hash256 {
    let index = try index(address)
    if let known = entries[index].slots[slot] { return known.current }
    let word = try base.storage(address, slot)
    entries[index].slots[slot] = Slot(original: word, current: word)
    return word
  }

  /// The code with the given hash.
  package func code(_ hash: Hash256) throws -> [UInt8] {
    try codes[hash] ?? base.code(hash)
  }

  /// Puts an account in place of what is there.
  package func setAccount(_ address: Address, _ account: Account?) throws {
    let index = try index(address)
    journal.append(.account(index, entries[index].current))
    entries[index].current = account
  }

  /// Sets a storage word.
  package func setStorage(_ address: Address, _ slot: Hash256, _ word: Hash256) throws {
    let old = try storage(address, slot)
    guard old != word else { return }
    let index = try index(address)
    journal.append(.slot(index, slot, old))
    entries[index].slots[slot]?.current = word
  }

  /// Makes `code` known and returns its hash.
  package func addCode(_ code: [UInt8]) -> Hash256 {
    let hash = Keccak256.hash(code)
    codes[hash] = code
    return hash
  }

  /// Adds to a balance; false when it would not fit.
  package func credit(_ address: Address, _ amount: UInt256) throws -> Bool {
    if amount.isZero { return true }
    var account = try account(address) ?? Account()
    guard let balance = account.balance.adding(amount) else { return false }
    account.balance = balance
    try setAccount(address, account)
    return true
  }

  /// Takes from a balance; false when there is less.
  package func debit(_ address: Address, _ amount: UInt256) throws -> Bool {
    if amount.isZero { return true }
    guard var account = try account(address), let rest = account.balance.subtracting(amount) else {
      return false
    }
    account.balance = rest
    try setAccount(address, account)
    return true
  }

  /// Adds a log.
  package func emit(_ log: Log) {
    journal.append(.log)
    logs.append(log)
  }

  /// Hands over the logs of the transaction that ended, after which nothing of it can be undone.
  package func takeLogs() -> [Log] {
    defer {
      logs.removeAll()
      journal.removeAll(keepingCapacity: true)
    }
    return logs
  }

  /// A moment to return to.
  package func checkpoint() -> Checkpoint { Checkpoint(count: journal.count) }

  /// Undoes all that came after the checkpoint.
  package func revert(to checkpoint: Checkpoint) {
    while journal.count > checkpoint.count, let change = journal.popLast() {
      switch change {
      case .account(let index, let account): entries[index].current = account
      case .slot(let index, let slot, let word): entries[index].slots[slot]?.current = word
      case .log: logs.removeLast()
      }
    }
  }

  private func index(_ address: Address) throws -> Int {
    if let index = indexes[address] { return index }
    let account = try base.account(address)
    indexes[address] = entries.count
    entries.append(Entry(address: address, original: account, current: account))
    return entries.count - 1
  }
}

extension StateOverlay {
  /// What was read or written, for access lists: addresses and their slots, both sorted.
  package var touched: [(address: Address, slots: [Hash256])] {
    entries.map { ($0.address, $0.slots.keys.sorted()) }.sorted { $0.0 < $1.0 }
  }
}
