internal import KeyValueStore
internal import Primitives
internal import Trie

/// How to walk trie rows back, for proofs on earlier heights.
///
/// What a block did to the rows of one trie is kept in chunks, by the first two nibbles of their
/// paths, so that a proof reads one short row for each block in between. A chunk's row is a
/// sequence of: path length, path (a byte a nibble), two bytes of length, undo record.
enum NodeHistory {
  /// For how many blocks rows can be walked back.
  static let depth: UInt64 = 1_024

  /// The chunk that holds a path: paths of less than two nibbles share one.
  static func chunk(of path: TriePath) -> [UInt8] {
    path.count < 2 ? [0, 0] : [1, path[0] << 4 | path[1]]
  }

  /// Adds a change to a chunk's row.
  static func append(_ change: TrieRowChange, to row: inout [UInt8]) {
    let undo = TrieRow.undo(new: change.new, old: change.old)
    guard undo.count <= UInt16.max else { return }
    let path = change.path.storeKey
    row.append(UInt8(path.count))
    row += path
    row.append(UInt8(undo.count >> 8))
    row.append(UInt8(undo.count & 255))
    row += undo
  }

  /// The undo record of a path in a chunk's row, or nil when the block did not change it.
  static func undo(of path: TriePath, in row: UnsafeRawBufferPointer) -> [UInt8]? {
    let wanted = path.storeKey
    var offset = 0
    while offset < row.count {
      let pathEnd = offset + 1 + Int(row[offset])
      guard pathEnd + 2 <= row.count else { return nil }
      let end = pathEnd + 2 + Int(row[pathEnd]) << 8 + Int(row[pathEnd + 1])
      guard end <= row.count else { return nil }
      if row[(offset + 1)..<pathEnd].elementsEqual(wanted) {
        return [UInt8](row[(pathEnd + 2)..<end])
      }
      offset = end
    }
    return nil
  }

  /// Whether a chunk's row can be read to its end.
  static func isWellFormed(_ row: [UInt8]) -> Bool {
    var offset = 0
    while offset < row.count {
      let pathEnd = offset + 1 + Int(row[offset])
      guard pathEnd + 2 <= row.count, TriePath(storeKey: row[(offset + 1)..<pathEnd]) != nil else {
        return false
      }
      offset = pathEnd + 2 + Int(row[pathEnd]) << 8 + Int(row[pathEnd + 1])
    }
    return offset == row.count && !row.isEmpty
  }
}
