import ChainTypes
import KeyValueStore
import Keys
import Ledger
import Primitives
import TestSupport
import Testing

@Suite("The chain verifier")
struct ChainVerifierTests {
  /// The tables of the database by their first bytes, as a foreign tool would know them.
  static let tables: [Character: String] = [
    "m": "single rows", "h": "headers", "x": "seals", "b": "bodies", "r": "receipts",
    "B": "blooms", "H": "block hashes", "t": "transactions", "a": "accounts", "s": "slots",
    "A": "account history", "S": "slot history", "c": "codes", "n": "account nodes",
    "o": "storage nodes", "N": "account node history", "O": "storage node history",
    "P": "node history index",
    "Q": "state history index",
  ]

  /// A chain with something in every table.
  static func smallChain() throws -> TestChain {
    let test = try TestChain()
    let transfer = try ABIFunction("transfer(address,uint256)", returns: "bool")
      .encodeCall([.address(Address(0xabc)), .uint(7)])
    for block in UInt64(0)..<4 {
      try test.mine([
        TestChain.transfer(from: TestChain.keys[0], nonce: block, to: Address(0x7000)),
        TestChain.transfer(
          from: TestChain.keys[1], nonce: block, to: Address(0x1010), value: 0,
          gasLimit: 100_000, data: transfer),
      ])
    }
    try test.mine()
    return test
  }

  static func verify(_ store: any KeyValueStore) throws -> ChainVerifier.Report {
    var verifier = ChainVerifier(view: try TestChain(store: store).chain.view)
    return try verifier.verify()
  }

  /// The records of one table.
  static func records(
    of table: Character, in store: any KeyValueStore
  ) throws -> [(key: [UInt8], value: [UInt8])] {
    let prefix = try #require(table.asciiValue)
    let iterator = try store.snapshot().iterator(in: KeySpace(prefix).range)
    var records: [(key: [UInt8], value: [UInt8])] = []
    var found = try iterator.seekToFirst()
    while found, let key = iterator.key, let value = iterator.value {
      records.append((key, value))
      found = try iterator.next()
    }
    return records
  }

  @Test("finds a chain right that is, and counts what is in it")
  func sound() throws {
    let test = try Self.smallChain()
    let report = try Self.verify(test.store)
    #expect(report.height == 5)
    #expect(report.transactionCount == 8)
    // The funded, the two receivers, the fee recipient, the two modules.
    #expect(report.accountCount == 8 + 2 + 1 + 2)
    #expect(report.stateRoot == test.chain.view.head.stateRoot)
    #expect(report.balanceSum.adding(report.burned) == test.chain.genesis.supply)
    for (table, name) in Self.tables {
      #expect(try !Self.records(of: table, in: test.store).isEmpty, "\(name)")
    }
  }

  @Test("finds a changed byte, a lost row, a moved row and a stray one", arguments: tables.keys)
  func damage(_ table: Character) throws {
    let store = try Self.smallChain().store
    var generator = SeededGenerator()
    let records = try Self.records(of: table, in: store)
    let isHistory = "ASNO".contains(table)
    for (key, value) in records.shuffled(using: &generator).prefix(8) {
      var changed = value
      if let index = changed.indices.randomElement(using: &generator) {
        changed[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      }
      var moved = key
      moved[Int.random(in: 0..<key.count, using: &generator)] ^=
        1 << UInt8.random(in: 0..<8, using: &generator)
      let faults: [(String, [(key: [UInt8], value: [UInt8]?)])] = [
        ("changed", isHistory || value.isEmpty ? [] : [(key, changed)]),
        ("cut", isHistory || value.isEmpty ? [] : [(key, value.dropLast())]),
        ("lost", [(key, nil)]),
        ("moved", [(key, nil), (moved, value)]),
        ("stray", [(key + [1], value)]),
        ("copied", try store.get(moved) == nil ? [(moved, value)] : []),
      ]
      for (fault, changes) in faults where !changes.isEmpty {
        try expectFailure(of: store, after: changes, "\(fault) \(table) \(key) (\(generator.seed))")
      }
    }
    _ = try Self.verify(store)
  }

  private func expectFailure(
    of store: any KeyValueStore, after changes: [(key: [UInt8], value: [UInt8]?)], _ what: String
  ) throws {
    var (damage, repair) = (WriteBatch(), WriteBatch())
    for (key, value) in changes {
      if let value { damage.put(key, value) } else { damage.delete(key) }
      if let old = try store.get(key) { repair.put(key, old) } else { repair.delete(key) }
    }
    try store.write(damage, sync: true)
    let error = #expect(throws: (any Error).self, "\(what)") { try Self.verify(store) }
    if let error {
      #expect(error is ChainVerifier.Failure || error is LedgerError, "\(what): \(error)")
    }
    try store.write(repair, sync: true)
  }

  @Test("says which row it is that does not hold")
  func messages() throws {
    let store = try Self.smallChain().store
    // The module at 0x…1000 has the lesser hash: its rows come first.
    let key = Keccak256.hash(Address(0x1000))
    for (table, row, fault) in [
      ("n", 1, "account trie"), ("o", 0, "storage trie of account \(key)"),
      ("s", 0, "storage word \(key.hex)"), ("h", 3, "block 3"), ("r", 2, "block 2: its receipts"),
      ("x", 4, "block 4: its seal"), ("B", 0, "block 1: its bloom"), ("c", 0, "code"),
    ] as [(Character, Int, String)] {
      let records = try Self.records(of: table, in: store)
      let record = try #require(records.dropFirst(row).first)
      var value = record.value
      value[value.count - 1] ^= 1
      var batch = WriteBatch()
      batch.put(record.key, value)
      try store.write(batch, sync: true)
      let error = #expect(throws: ChainVerifier.Failure.self) { try Self.verify(store) }
      #expect(error?.message.contains(fault) == true, "\(table): \(error?.message ?? "")")
      batch.removeAll()
      batch.put(record.key, record.value)
      try store.write(batch, sync: true)
    }
  }

  @Test("reads a chain whose history has been pruned")
  func pruned() throws {
    let test = try TestChain(configuration: .init(history: 3))
    for nonce in UInt64(0)..<8 {
      try test.mine([
        TestChain.transfer(from: TestChain.keys[0], nonce: nonce, to: Address(0xabc))
      ])
    }
    #expect(try test.chain.view.oldestState() == 5)
    #expect(try Self.verify(test.store).height == 8)
  }
}
