import BitTorrent
import NIOCore
import TestSupport
import Testing

@Suite("Bitfield")
struct BitfieldTests {
  @Test("has piece 0 in the highest bit of the first byte")
  func wireOrder() throws {
    var field = Bitfield(bitCount: 10)
    field.insert(0)
    field.insert(9)
    #expect(field.wireBytes == [0x80, 0x40])
    #expect(try Bitfield(wire: view([0x80, 0x40]), bitCount: 10) == field)
  }

  @Test("refuses bytes of the wrong length and spare bits")
  func refusals() {
    #expect(throws: BitfieldError.wrongLength(bytes: 1, expected: 2)) {
      try Bitfield(wire: view([0]), bitCount: 9)
    }
    #expect(throws: BitfieldError.wrongLength(bytes: 3, expected: 2)) {
      try Bitfield(wire: view([0, 0, 0]), bitCount: 9)
    }
    #expect(throws: BitfieldError.spareBitSet) {
      try Bitfield(wire: view([0, 0x40]), bitCount: 9)
    }
    #expect(throws: BitfieldError.spareBitSet) {
      try Bitfield(wire: view([0, 0x01]), bitCount: 9)
    }
  }

  @Test("reads an index out of range as unset and never sets it", arguments: [-1, 10, Int.max])
  func range(index: Int) {
    var field = Bitfield(bitCount: 10, filled: true)
    #expect(!field[index])
    let (inserted, removed) = (field.insert(index), field.remove(index))
    #expect(!inserted && !removed)
    #expect(field.isFull)
    #expect(field.firstSet(from: .max) == nil)
    #expect(field.firstSet(from: .min) == 0)
  }

  @Test("filled has no spare bits", arguments: [0, 1, 7, 8, 63, 64, 65, 128, 200])
  func filled(count: Int) throws {
    let field = Bitfield(bitCount: count, filled: true)
    #expect(field.setCount == count)
    #expect(field.isFull)
    #expect(try Bitfield(wire: view(field.wireBytes), bitCount: count) == field)
    #expect(field.firstUnset() == nil)
  }

  @Test("agrees with an array of booleans")
  func model() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      let count = Int.random(in: 1...300, using: &random)
      var field = Bitfield(bitCount: count)
      var other = Bitfield(bitCount: count)
      var model = [Bool](repeating: false, count: count)
      var otherModel = model
      for _ in 0..<count {
        let index = Int.random(in: 0..<count, using: &random)
        if Bool.random(using: &random) {
          let isNew = field.insert(index)
          #expect(isNew == !model[index], "seed \(random.seed)")
          model[index] = true
        } else {
          let wasSet = field.remove(index)
          #expect(wasSet == model[index], "seed \(random.seed)")
          model[index] = false
        }
        let second = Int.random(in: 0..<count, using: &random)
        other[second] = true
        otherModel[second] = true
      }
      let start = Int.random(in: 0..<count, using: &random)
      let both = model.indices.filter { model[$0] && otherModel[$0] }
      var visited: [Int] = []
      field.forEachSet { visited.append($0) }
      #expect(visited == model.indices.filter { model[$0] }, "seed \(random.seed)")
      #expect(field.setCount == visited.count)
      #expect(field.firstSet(from: start) == model[start...].firstIndex(of: true))
      #expect(field.firstUnset(from: start) == model[start...].firstIndex(of: false))
      #expect(field.firstCommon(with: other, from: start) == both.first { $0 >= start })
      #expect(field.commonCount(with: other) == both.count)
      #expect(field.intersects(other) == !both.isEmpty)
      #expect(field.isSuperset(of: other) == (both.count == other.setCount))
      #expect(try Bitfield(wire: view(field.wireBytes), bitCount: count) == field)
    }
  }

  private func view(_ bytes: [UInt8]) -> ByteBufferView {
    ByteBuffer(bytes: bytes).readableBytesView
  }
}
