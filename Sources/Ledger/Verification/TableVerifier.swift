internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Primitives

/// Checks that the database has no rows outside the ledger's tables, and the single rows.
struct TableVerifier {
  let view: ChainView

  func verify() throws {
    let tables = Set(Schema.tables.map(\.prefix))
    let iterator = view.snapshot.iterator(in: .all)
    var found = try iterator.seekToFirst()
    while found, let key = iterator.key {
      guard let prefix = key.first, tables.contains(prefix) else {
        throw ChainVerifier.Failure(message: "the row \(Hex.encode(key)) is of no table")
      }
      guard prefix < .max else { break }
      found = try iterator.seek(to: [prefix + 1])
    }
    try verifySingleRows()
  }

  private func verifySingleRows() throws {
    var rows = try TableCursor(Schema.meta, of: view.snapshot)
    let known = Set(
      [
        Schema.versionKey, Schema.genesisKey, Schema.rulesKey, Schema.headKey,
        Schema.oldestStateKey,
      ].map { $0.dropFirst() })
    while let key = rows.key {
      guard known.contains(key) else {
        throw ChainVerifier.Failure(message: "the single row \(rows.name) is none of the ledger's")
      }
      try rows.advance()
    }
    let snapshot = view.snapshot
    guard try snapshot.get(Schema.versionKey).flatMap(Schema.number) == Schema.version,
      try snapshot.get(Schema.genesisKey) == view.genesisHash.bytes,
      try snapshot.get(Schema.headKey).flatMap(Schema.number) == view.head.number
    else {
      throw ChainVerifier.Failure(
        message: "the rows of version, genesis and head are not the chain's")
    }
    guard try snapshot.get(Schema.rulesKey) == view.genesis.json(withAllocations: false).serialized
    else {
      throw ChainVerifier.Failure(message: "the row of genesis' rules is not as it was written")
    }
    if let row = try snapshot.get(Schema.oldestStateKey) {
      guard let oldest = Schema.number(row), oldest <= view.head.number else {
        throw ChainVerifier.Failure(message: "the row of the oldest state is damaged")
      }
    }
  }
}
