import Bridge
import Primitives
import Testing

@Suite("FollowerState")
struct FollowerStateTests {
  private let state = FollowerState(start: RootBlock(number: 10, hash: .zero))

  @Test("reads from the block after its cursor up to the final one")
  func plan() {
    #expect(state.plan(final: 10) == .idle)
    #expect(state.plan(final: 9) == .idle)
    #expect(state.plan(final: 30) == .scan(11...30))
    #expect(state.plan(final: 1 << 60) == .scan(11...(10 + state.width)))
  }

  @Test("takes ids that follow each other, whatever their order, and leaves old ones out")
  func contiguous() {
    #expect(state.contiguous([3, 1, 2, 2]).ids == [1, 2, 3])
    let next = state.took(
      upTo: RootBlock(number: 20, hash: .zero), messages: 3,
      last: RootBlock(number: 15, hash: .zero))
    #expect(next.contiguous([1, 3, 4]) == ([4], nil))
    #expect(next.lastMessage.number == 15)
  }

  @Test("stops at a gap, and looks again from the newest message")
  func gap() {
    #expect(state.contiguous([2, 3]) == ([], FollowerState.Gap(missing: 1, shownBy: 2)))
    let next = state.took(
      upTo: RootBlock(number: 20, hash: .zero), messages: 1,
      last: RootBlock(number: 15, hash: .zero))
    #expect(next.contiguous([1, 2, 4]) == ([2], FollowerState.Gap(missing: 3, shownBy: 4)))
    #expect(next.lookingAgain().cursor.number == 15)
  }

  @Test("widens its ranges while they bring little, and narrows them when asked to")
  func width() {
    let wide = (0..<20).reduce(state) { state, _ in
      state.took(upTo: state.cursor, messages: 0, last: nil)
    }
    #expect(wide.width == FollowerState.widest)
    #expect((0..<40).reduce(wide) { state, _ in state.narrowed() }.width == 1)
    #expect(
      wide.took(upTo: wide.cursor, messages: FollowerState.manyMessages, last: nil).width
        < wide.width)
  }

  @Test("remembers what endpoints give at once, and tries more only now and then")
  func ceiling() {
    var state = (0..<7).reduce(state) { state, _ in state.narrowed() }
    let ceiling = state.width
    var widths: [UInt64] = []
    for _ in 0..<70 {
      state = state.took(upTo: state.cursor, messages: 0, last: nil)
      widths.append(state.width)
      if state.width > ceiling { state = state.narrowed() }
    }
    #expect(widths.count { $0 > ceiling } == 2)
    #expect(widths.allSatisfy { $0 <= 2 * ceiling })
  }

  @Test("is the same after it was stored")
  func row() throws {
    let next = state.took(
      upTo: RootBlock(number: 20, hash: Keccak256.hash([1])), messages: 7,
      last: RootBlock(number: 15, hash: Keccak256.hash([2])))
    let read = try FollowerState(row: next.row)
    #expect(read.cursor == next.cursor)
    #expect(read.nextID == 8)
    #expect(read.lastMessage == next.lastMessage)
    #expect(throws: (any Error).self) { try FollowerState(row: Array(next.row.dropLast())) }
  }
}
