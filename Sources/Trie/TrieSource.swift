public import Primitives

/// Where a state trie's rows come from.
///
/// Calls come from several threads at once. All of them must see one state: the one before the
/// changes of the update that asks.
public protocol TrieSource: Sendable {
  /// The row stored at `path`, or nil if there is none.
  func node(at path: TriePath) throws -> [UInt8]?

  /// The only entry whose key begins with `path`, with the value that the trie's leaf holds.
  ///
  /// Asked only where the trie has one leaf below `path`, or for the root path where there may be
  /// none at all.
  func leaf(under path: TriePath) throws -> (key: Hash256, value: [UInt8])?
}

/// A change to one entry of a state trie.
public struct TrieChange: Sendable {
  /// The entry's key, a hash.
  public var key: Hash256
  /// The leaf's new value; nil or empty removes the entry.
  public var value: [UInt8]?
  /// Whether the entry was there before the update, where the caller knows.
  ///
  /// Knowing saves reading the flat entry to tell an update from an insertion beside a leaf. It
  /// must be true to the source: otherwise the root is wrong.
  public var wasPresent: Bool?

  /// A change of `key` to `value`.
  public init(key: Hash256, value: [UInt8]?, wasPresent: Bool? = nil) {
    self.key = key
    self.value = value
    self.wasPresent = wasPresent
  }
}

/// A stored row that an update changed.
public struct TrieRowChange: Sendable, Equatable {
  /// Where the row lies.
  public var path: TriePath
  /// The row to store, or nil to remove it.
  public var new: [UInt8]?
  /// The row that was stored, or nil if there was none.
  public var old: [UInt8]?

  /// A change of the row at `path`.
  public init(path: TriePath, new: [UInt8]?, old: [UInt8]?) {
    self.path = path
    self.new = new
    self.old = old
  }
}

/// What one update of a state trie comes to.
public struct TrieCommit: Sendable {
  /// The root after the update.
  public var root: Hash256
  /// The rows that differ, each path once.
  public var rows: [TrieRowChange]

  /// A root and the rows that lead there.
  public init(root: Hash256, rows: [TrieRowChange]) {
    self.root = root
    self.rows = rows
  }
}

/// Why a state trie cannot be read or changed.
public enum TrieError: Error, Equatable, Sendable {
  /// The row at a path, to which its parent points, is not there.
  case missingRow(TriePath)
  /// The row at a path is not one.
  case malformedRow(TriePath, TrieRowError)
  /// The flat state lacks the entry of the leaf at a path.
  case missingLeaf(TriePath)
  /// The row or flat entry at a path does not have the hash its parent names.
  case inconsistent(TriePath)
  /// A key occurs twice in one set of changes, or a sequence of entries is not in order.
  case unorderedKey(Hash256)
}

extension TrieError: CustomStringConvertible {
  /// What is wrong, where, and what to do.
  public var description: String {
    switch self {
    case .missingRow(let path):
      "trie row at \(path) is missing: the store is damaged, rebuild the trie from the flat state"
    case .malformedRow(let path, let error):
      "trie row at \(path) is malformed (\(error)): the store is damaged, rebuild the trie"
    case .missingLeaf(let path):
      "flat entry under \(path) is missing though the trie has a leaf: the store is damaged"
    case .inconsistent(let path):
      "node at \(path) does not have the hash its parent names: the store is damaged"
    case .unorderedKey(let key):
      "key \(key) is given twice or out of order"
    }
  }
}
