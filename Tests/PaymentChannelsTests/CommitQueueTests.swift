internal import KeyValueStore
internal import PaymentChannels
internal import Testing

@Suite struct CommitQueueTests {
  @Test func `rows gather while a batch is written, the newest only of each key`() throws {
    let store = SimulatedStore()
    var queue = CommitQueue()
    let nothing = queue.begin()
    #expect(nothing == nil && queue.isEmpty)
    let numbers = [queue.put([1], [10]), queue.put([1], [11])]
    #expect(numbers == [1, 1])
    let begun = queue.begin()
    let first = try #require(begun)
    #expect(first.count == 1 && queue.isWriting)
    // The next batch gathers, and can't begin before the first is done.
    let others = [queue.put([2], [20]), queue.put([1], nil)]
    #expect(others == [2, 2])
    let early = queue.begin()
    #expect(early == nil && queue.synced == 0 && queue.newest == 2)
    try store.write(first, sync: true)
    queue.finish(nil)
    #expect(queue.synced == 1)
    #expect(try store.get([1]) == [11])
    let next = queue.begin()
    let second = try #require(next)
    try store.write(second, sync: true)
    queue.finish(nil)
    #expect(queue.synced == 2 && queue.newest == 2)
    #expect(try store.get([1]) == nil && store.get([2]) == [20])
  }

  @Test func `after a failure nothing is written any more`() {
    var queue = CommitQueue()
    queue.put([1], [10])
    let begun = queue.begin()
    #expect(begun != nil)
    queue.put([2], [20])
    queue.finish(StoreError(.diskFull, "no room"))
    #expect(queue.failure?.code == .diskFull && queue.synced == 0)
    let last = queue.begin()
    #expect(last == nil)
  }

  @Test func `a value is as old as the newest batch on disk that holds it`() {
    var value = Durable(0)
    #expect(value.current == 0 && value.synced(9) == 0)
    value.set(1, in: 1, synced: 0)
    value.set(2, in: 1, synced: 0)
    #expect(value.current == 2 && value.synced(0) == 0 && value.generation == 1)
    // Batch 1 is being written, 2 gathers.
    value.set(3, in: 2, synced: 0)
    value.set(4, in: 2, synced: 0)
    #expect(value.current == 4 && value.synced(0) == 0)
    #expect(value.synced(1) == 2 && value.synced(2) == 4)
    // Batch 1 is on disk.
    value.set(5, in: 3, synced: 1)
    #expect(value.synced(1) == 2 && value.synced(2) == 4 && value.synced(3) == 5)
    value.set(6, in: 5, synced: 4)
    #expect(value.synced(4) == 5 && value.synced(5) == 6 && value.current == 6)
  }
}
