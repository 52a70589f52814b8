internal import ChainTypes
internal import KeyValueStore
internal import Primitives
internal import Trie

/// Checks that the history of state and tries is whole and can be read.
///
/// Its values are not checked: that would take walking the whole chain back.
struct HistoryVerifier {
  let view: ChainView

  func verify() throws {
    let oldest = try view.oldestState()
    try verify(
      Schema.stateHistoryIndex, of: [Schema.accountHistory, Schema.slotHistory],
      from: oldest + 1, isValid: Self.isStateRow)
    let depth = min(view.head.number, NodeHistory.depth)
    try verify(
      Schema.nodeHistoryIndex, of: [Schema.accountNodeHistory, Schema.storageNodeHistory],
      from: view.head.number - depth + 1
    ) { _, row in NodeHistory.isWellFormed(row) }
  }

  /// Checks that there is an index row for each block, and that the rows it names are there, and
  /// no others.
  private func verify(
    _ index: KeySpace, of tables: [KeySpace], from first: UInt64,
    isValid: (_ key: [UInt8], _ value: [UInt8]) -> Bool
  ) throws {
    var cursor = try TableCursor(index, of: view.snapshot)
    var named = 0
    var number = first
    while number <= view.head.number {
      guard let row = try cursor.take(number) else {
        throw failure("the index of block \(number)'s history is missing; next is \(cursor.name)")
      }
      guard let keys = KeyList.allKeys(in: row), Set(keys).count == keys.count else {
        throw failure("the index of block \(number)'s history is damaged")
      }
      for key in keys {
        guard tables.contains(where: { $0.prefix == key.first }), key.count > 8,
          Schema.number(key.suffix(8)) == number, let value = try view.snapshot.get(key),
          isValid(key, value)
        else {
          throw failure("the history row \(Hex.encode(key)) of block \(number) is damaged")
        }
      }
      named += keys.count
      number += 1
    }
    guard cursor.key == nil else {
      throw failure("the index row \(cursor.name) of history is of no block that is kept")
    }
    var found = 0
    for table in tables {
      var rows = try TableCursor(table, of: view.snapshot)
      while rows.key != nil {
        found += 1
        try rows.advance()
      }
    }
    guard found == named else {
      throw failure("there are \(found) rows of history, the blocks name \(named)")
    }
  }

  private static func isStateRow(_ key: [UInt8], _ value: [UInt8]) -> Bool {
    guard key.first == Schema.accountHistory.prefix else {
      return key.count == 73 && value.count <= 32 && value.first != 0
    }
    return key.count == 41 && (value.isEmpty || Account(row: value)?.row == value)
  }

  private func failure(_ message: String) -> ChainVerifier.Failure {
    ChainVerifier.Failure(message: message)
  }
}
