internal import BitTorrent
internal import Testing

@Suite("Reading pieces for the leaves that peers ask for")
struct HashTreesTests {
  private final class Log {
    var read: [PeerHandle] = []
  }

  private let log = Log()

  private func read(_ trees: inout HashTrees, for peer: PeerHandle) -> Bool {
    let log = log
    return trees.read(for: peer) { log.read.append(peer) }
  }

  @Test("four at a time, and eight of one peer may wait, while others may too")
  func bounds() {
    var trees = HashTrees()
    let (greedy, modest) = (PeerHandle(1), PeerHandle(2))
    for _ in 0..<12 { #expect(read(&trees, for: greedy)) }
    #expect(log.read.count == 4)
    #expect(!read(&trees, for: greedy))
    #expect(read(&trees, for: modest))
    // Whoever is gone waits for nothing any more.
    trees.endRead(isHere: { $0 != greedy })?()
    #expect(log.read == [greedy, greedy, greedy, greedy, modest])
    for _ in 0..<4 {
      let next = trees.endRead(isHere: { _ in true })
      #expect(next == nil)
    }
    #expect(read(&trees, for: greedy))
    #expect(log.read.count == 6)
  }
}
