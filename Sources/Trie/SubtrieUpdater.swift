internal import Primitives

/// Applies sorted changes to a subtrie, reading from the source only what it must.
///
/// Each call of `apply` looks after the one place where it stands: the row stored there goes over
/// to whatever branch lies there afterwards, or is noted as removed.
struct SubtrieUpdater {
  /// What hangs at a place before the changes.
  enum Existing {
    case none
    case leaf
    case branch(CachedBranch)
  }

  let source: any TrieSource
  /// Sorted by key, each key once.
  let changes: [TrieChange]
  var builder = SubtrieBuilder()
  /// Rows that are gone.
  var rows: [TrieRowChange] = []
  /// How many branches came into memory, less those that were merged away.
  var branchDelta = 0

  /// An updater for `changes` by key, without removals of what is known not to be there.
  init(source: any TrieSource, sorting changes: [TrieChange]) throws(TrieError) {
    var sorted = changes.filter { !($0.wasPresent == false && ($0.value ?? []).isEmpty) }
    if !zip(sorted, sorted.dropFirst()).allSatisfy({ $0.key < $1.key }) {
      sorted.sort { $0.key < $1.key }
      for (left, right) in zip(sorted, sorted.dropFirst()) where left.key == right.key {
        throw .unorderedKey(left.key)
      }
    }
    self.source = source
    self.changes = sorted
  }

  /// What hangs at a place after those changes whose keys lead there.
  mutating func apply(
    _ range: Range<Int>, to existing: Existing, depth: Int
  ) throws -> Subtrie {
    switch existing {
    case .none:
      return builder.build(leaves(in: range)[...], depth: depth)
    case .leaf:
      return builder.build(try leaves(in: range, besideLeafAt: depth)[...], depth: depth)
    case .branch(let branch):
      let (home, stored) = takeStoredRow(of: branch)
      let result = try apply(range, toBranch: branch, depth: depth)
      if case .branch(let top) = result {
        top.storedRow = stored
      } else if let stored {
        rows.append(TrieRowChange(path: home, new: nil, old: stored))
      }
      return result
    }
  }

  /// The branch's child before the changes, read from the source unless it is in memory.
  mutating func child(of branch: CachedBranch, at nibble: UInt8) throws -> Existing {
    guard branch.node.hasChild(nibble) else { return .none }
    if branch.node.hasLeaf(nibble) { return .leaf }
    if let kid = branch.kid(nibble) { return .branch(kid) }
    return .branch(try load(branch.path.appending(nibble)))
  }

  /// The changes' keys that share the nibble at `depth` with the one at `start`.
  func group(from start: Int, in range: Range<Int>, depth: Int) -> Range<Int> {
    let nibble = changes[start].key.nibble(at: depth)
    var end = start + 1
    while end < range.upperBound, changes[end].key.nibble(at: depth) == nibble { end += 1 }
    return start..<end
  }

  /// A branch whose children were just placed, or what it has shrunk to.
  mutating func settled(_ branch: CachedBranch, lastLeaf: Subtrie) throws -> Subtrie {
    guard branch.node.children.nonzeroBitCount < 2 else { return .branch(branch) }
    branchDelta -= 1
    guard branch.node.children != 0 else { return .empty }
    let nibble = UInt8(truncatingIfNeeded: branch.node.children.trailingZeroBitCount)
    let place = branch.path.appending(nibble)
    if branch.node.hasLeaf(nibble) {
      if case .leaf(let path, _) = lastLeaf, path.prefix(place.count) == place { return lastLeaf }
      let leaf = try leaf(under: place)
      return .leaf(path: TriePath(leaf.key), value: leaf.value)
    }
    let kid = try branch.kid(nibble) ?? load(place)
    let (home, stored) = takeStoredRow(of: kid)
    if let stored { rows.append(TrieRowChange(path: home, new: nil, old: stored)) }
    return .branch(kid)
  }

  // MARK: Branches

  private mutating func apply(
    _ range: Range<Int>, toBranch branch: CachedBranch, depth: Int
  ) throws -> Subtrie {
    guard branch.hasExtension else { return try applyInside(range, to: branch) }
    // Keys that leave the extension early stand before or after those that pass through it.
    let path = branch.path
    let lower = range.first { changes[$0].key >= path.bits } ?? range.upperBound
    let upper =
      (lower..<range.upperBound).first { !path.isPrefix(of: changes[$0].key) } ?? range.upperBound
    let inside =
      lower == upper ? Subtrie.branch(branch) : try applyInside(lower..<upper, to: branch)
    var entries = leaves(in: range.lowerBound..<lower)
    if case .empty = inside {} else { entries.append(inside) }
    entries += leaves(in: upper..<range.upperBound)
    return builder.build(entries[...], depth: depth)
  }

  private mutating func applyInside(
    _ range: Range<Int>, to branch: CachedBranch
  ) throws -> Subtrie {
    let depth = branch.path.count
    var lastLeaf = Subtrie.empty
    var start = range.lowerBound
    while start < range.upperBound {
      let group = group(from: start, in: range, depth: depth)
      let nibble = changes[start].key.nibble(at: depth)
      let existing = try child(of: branch, at: nibble)
      let result = try apply(group, to: existing, depth: depth + 1)
      builder.place(result, in: branch, at: nibble)
      if case .leaf = result { lastLeaf = result }
      start = group.upperBound
    }
    return try settled(branch, lastLeaf: lastLeaf)
  }

  /// The row stored at a branch's home, which from now on is the caller's to look after.
  func takeStoredRow(of branch: CachedBranch) -> (home: TriePath, row: [UInt8]?) {
    let row = branch.isDirty ? branch.storedRow : branch.storedRow ?? TrieRow.encode(branch)
    branch.isDirty = true
    branch.storedRow = nil
    return (branch.home, row)
  }

  private mutating func load(_ home: TriePath) throws -> CachedBranch {
    guard let row = try source.node(at: home) else { throw TrieError.missingRow(home) }
    branchDelta += 1
    return try Self.decode(row, home: home)
  }

  static func decode(_ row: [UInt8], home: TriePath) throws -> CachedBranch {
    do throws(TrieRowError) {
      return try TrieRow.decode(row, home: home)
    } catch {
      throw TrieError.malformedRow(home, error)
    }
  }

  // MARK: Leaves

  private func leaves(in range: Range<Int>) -> [Subtrie] {
    range.compactMap { index in
      let change = changes[index]
      guard let value = change.value, !value.isEmpty else { return nil }
      return .leaf(path: TriePath(change.key), value: value)
    }
  }

  /// The leaves after the changes at a place where there was one.
  private func leaves(in range: Range<Int>, besideLeafAt depth: Int) throws -> [Subtrie] {
    var entries = leaves(in: range)
    // A key that was there is the leaf's own: only one leaf was.
    if range.contains(where: { changes[$0].wasPresent == true }) { return entries }
    let leaf = try leaf(under: TriePath(changes[range.lowerBound].key, count: depth))
    if range.contains(where: { changes[$0].key == leaf.key }) { return entries }
    let path = TriePath(leaf.key)
    let index = entries.firstIndex { $0.path > path } ?? entries.endIndex
    entries.insert(.leaf(path: path, value: leaf.value), at: index)
    return entries
  }

  private func leaf(under path: TriePath) throws -> (key: Hash256, value: [UInt8]) {
    guard let leaf = try source.leaf(under: path) else { throw TrieError.missingLeaf(path) }
    guard path.isPrefix(of: leaf.key), !leaf.value.isEmpty else {
      throw TrieError.inconsistent(path)
    }
    return leaf
  }
}
