internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("TrieRow")
struct TrieRowTests {
  static func row(_ children: UInt16, leaves: UInt16 = 0, head: [UInt8] = [0], fill: UInt8 = 1)
    -> [UInt8]
  {
    var row = head + [UInt8(children >> 8), UInt8(children & 255)]
    row += [UInt8(leaves >> 8), UInt8(leaves & 255)]
    for index in 0..<children.nonzeroBitCount {
      row += [UInt8](repeating: fill &+ UInt8(index), count: 32)
    }
    return row
  }

  @Test("goes back over one changed child with 35 bytes")
  func oneChild() throws {
    let old = Self.row(0xffff, leaves: 0x0f00)
    var new = old
    new[5 + 3 * 32 + 7] ^= 0x40
    let delta = TrieRow.undo(new: new, old: old)
    #expect(delta.count == 35)
    #expect(try TrieRow.apply(undo: delta, to: new) == old)
  }

  @Test("goes back between any two rows, and to and from none")
  func anyRows() throws {
    let rows: [[UInt8]?] = [
      nil, Self.row(3), Self.row(0x8001, fill: 4), Self.row(0xffff), Self.row(0xffff, leaves: 0xf),
      Self.row(0xfffe, fill: 2), Self.row(7, head: [3, 0x12, 0x30]), Self.row(7, head: [2, 0x12]),
    ]
    for new in rows {
      for old in rows {
        let delta = TrieRow.undo(new: new, old: old)
        #expect(try TrieRow.apply(undo: delta, to: new) == old)
        #expect(delta.count <= (old?.count ?? 0) + 1)
      }
    }
  }

  @Test("refuses deltas cut short, drawn out, or made of another row")
  func badDeltas() {
    let (old, new) = (Self.row(0x0f), Self.row(0x1f, fill: 9))
    let delta = TrieRow.undo(new: Self.row(0x0e, fill: 2), old: old)
    #expect(throws: TrieRowError.self) { try TrieRow.apply(undo: [], to: new) }
    #expect(throws: TrieRowError.self) { try TrieRow.apply(undo: [9], to: new) }
    #expect(throws: TrieRowError.self) { try TrieRow.apply(undo: [1, 1], to: new) }
    for count in 1..<delta.count {
      #expect(throws: TrieRowError.self) {
        try TrieRow.apply(undo: Array(delta.prefix(count)), to: new)
      }
    }
    #expect(throws: TrieRowError.self) { try TrieRow.apply(undo: delta + [0], to: new) }
    #expect(throws: TrieRowError.wrongBase) { try TrieRow.apply(undo: delta, to: nil) }
    #expect(throws: TrieRowError.wrongBase) {
      try TrieRow.apply(undo: delta, to: Self.row(0xf000))
    }
  }

  @Test("refuses rows that no branch has, wherever they are cut or changed")
  func badRows() throws {
    let good = Self.row(0x0f, leaves: 3, head: [3, 0x12, 0x30])
    var bad: [[UInt8]] = (0..<good.count).map { Array(good.prefix($0)) }
    bad += [
      good + [0], Self.row(1), Self.row(0), Self.row(3, leaves: 4),
      Self.row(3, head: [3, 0x12, 0x34]), Self.row(3, head: [64]), Self.row(3, head: [0x80]),
    ]
    for row in bad {
      var source = MemoryTrieSource()
      source.rows[.root] = row
      #expect(throws: TrieError.self, "\(row)") { try StateTrie().root(source: source) }
      #expect(throws: TrieError.self) { try StateTrie.prove(.zero, source: source) }
    }
    var source = MemoryTrieSource()
    source.rows[.root] = good
    _ = try StateTrie().root(source: source)
  }

  @Test("survives any bytes as row and delta")
  func anyBytes() {
    var random = SeededGenerator()
    for _ in 0..<3_000 {
      var row = Self.row(
        UInt16(truncatingIfNeeded: random.next()), head: [UInt8(random.next() % 4)])
      for _ in 0..<(random.next() % 4) {
        row[Int(random.next() % UInt64(min(row.count, 12)))] = UInt8(random.next() % 256)
      }
      var delta = random.bytes(Int(random.next() % 80))
      if !delta.isEmpty { delta[0] = UInt8(random.next() % 5) }
      _ = try? TrieRow.apply(undo: delta, to: row)
      var source = MemoryTrieSource()
      source.rows[.root] = row
      _ = try? StateTrie().update([TrieChange(key: .zero, value: [1])], source: source)
    }
  }
}
