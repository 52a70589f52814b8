import BitTorrent
import Speed
import TestSupport
import Testing

@Suite("Values by requests")
struct BlockTableTests {
  @Test("are those that a dictionary has, through any puts and takes", arguments: 0..<20 as Range)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = BlockTable<Int>()
    var model: [BlockRequest: Int] = [:]
    // Few requests, so that they come again; some differ by their length alone.
    let most = Int.random(in: 1...400, using: &random)
    for step in 0..<4_000 {
      let block = BlockRequest(
        piece: Int.random(in: 0..<most, using: &random), offset: Int.random(in: 0...1) << 14,
        length: 16_384 - Int.random(in: 0...1, using: &random))
      if Int.random(in: 0..<5, using: &random) < 3 {
        #expect(table.put(step, for: block) == model.updateValue(step, forKey: block))
      } else {
        #expect(table.take(block) == model.removeValue(forKey: block))
      }
      #expect(table[block] == model[block])
      #expect(table.count == model.count && table.isEmpty == model.isEmpty)
    }
    for (block, value) in model { #expect(table[block] == value) }
    #expect(Set(table.blocks) == Set(model.keys))
  }

  @Test("may be thinned out")
  func thinning() {
    var table = BlockTable<Int>()
    let blocks = (0..<300).map { BlockRequest(piece: $0, offset: 0, length: 16_384) }
    for block in blocks { table.put(block.piece, for: block) }
    table.keep { $0 % 3 == 0 }
    #expect(table.count == 100)
    for block in blocks { #expect(table[block] == (block.piece % 3 == 0 ? block.piece : nil)) }
  }

  @Test("none are there at first")
  func empty() {
    var table = BlockTable<Int>()
    let block = BlockRequest(piece: 0, offset: 0, length: 1)
    #expect(table[block] == nil && table.take(block) == nil && table.isEmpty)
  }

  @Test("are found, though all requests are for one piece or for one offset")
  func patterns() {
    var table = BlockTable<Int>()
    let rows = (0..<2_048).map { BlockRequest(piece: 7, offset: $0 << 14, length: 16_384) }
    let columns = (0..<2_048).map { BlockRequest(piece: $0 << 10, offset: 1, length: 16_384) }
    for block in rows + columns { table.put(block.piece, for: block) }
    for block in rows + columns { #expect(table.take(block) == block.piece) }
    #expect(table.isEmpty)
  }
}
