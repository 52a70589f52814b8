internal import Primitives
internal import TestSupport
internal import Testing
internal import Trie

@Suite("TriePath")
struct TriePathTests {
  @Test("has store keys that sort as the paths do, and that lead back to it")
  func storeKeys() {
    var random = SeededGenerator()
    let paths = (0..<300).compactMap { _ -> TriePath? in
      guard let key = Hash256(random.bytes(32).map { $0 & 0x11 }) else { return nil }
      return TriePath(key, count: Int(random.next() % 12) + Int(random.next() % 2) * 53)
    }
    for path in paths {
      #expect(TriePath(storeKey: path.storeKey) == path)
      #expect(path.storeKey.count == path.count)
    }
    let byKey = paths.sorted { $0.storeKey.lexicographicallyPrecedes($1.storeKey) }
    #expect(byKey == paths.sorted())
  }

  @Test("keeps nothing of what lies behind its end")
  func truncation() throws {
    let key = try #require(Hash256([UInt8](repeating: 0xff, count: 32)))
    var path = TriePath.root
    for count in 0...64 {
      #expect(TriePath(key, count: count) == path)
      #expect(TriePath(key).prefix(count) == path)
      #expect(path.isPrefix(of: key) && path.count == count)
      #expect(!path.isPrefix(of: .zero) || count == 0)
      if count < 64 { path = path.appending(15) }
    }
    #expect(path.appending(3) == path)
    #expect(TriePath(key, count: 3).description == "0xfff")
  }

  @Test("is not read from a key that is none")
  func badKeys() {
    #expect(TriePath(storeKey: [1, 16]) == nil)
    #expect(TriePath(storeKey: [UInt8](repeating: 0, count: 65)) == nil)
  }
}
