internal import KeyValueStore
internal import Primitives
internal import Trie

/// What changed rows of a trie add to a block's batch: the rows, and how to walk them back.
struct NodeRows {
  private var batch: WriteBatch
  private var historyKeys = KeyList()

  /// Writes the changes of one trie, and their history unless they are genesis'.
  static func write(
    _ changes: [TrieRowChange], owner: TrieOwner, number: UInt64, to batch: inout WriteBatch,
    index: inout KeyList
  ) throws {
    // Each piece holds whole chunks of the history: paths too short for one, then by first nibble.
    var pieces = [[Int]](repeating: [], count: 17)
    for (position, change) in changes.enumerated() {
      pieces[change.path.count < 2 ? 16 : Int(change.path[0])].append(position)
    }
    let size = changes.count < 256 ? pieces.count : 1
    let parts = try Cores.map(pieces.count, pieces: size) { [pieces] range in
      range.map { piece in
        // In the order of the keys, as the accounts are.
        let positions = pieces[piece].sorted { changes[$0].path < changes[$1].path }
        return NodeRows(changes, at: positions, owner: owner, number: number)
      }
    }
    for rows in parts.joined() {
      batch.append(rows.batch)
      index.append(rows.historyKeys)
    }
  }

  private init(
    _ changes: [TrieRowChange], at positions: [Int], owner: TrieOwner, number: UInt64
  ) {
    batch = WriteBatch(reservingCapacity: positions.count * 640)
    var chunks: [[UInt8]: [UInt8]] = [:]
    for position in positions {
      let change = changes[position]
      let key = owner.nodeKey(change.path)
      if let new = change.new { batch.put(key, new) } else { batch.delete(key) }
      guard number > 0 else { continue }
      NodeHistory.append(change, to: &chunks[NodeHistory.chunk(of: change.path), default: []])
    }
    for (chunk, row) in chunks {
      let key = owner.nodeHistory.key(owner.bytes + chunk, number)
      batch.put(key, row)
      historyKeys.append(key)
    }
  }
}
