internal import NIOCore

extension ReceivedBlock {
  /// The bytes of memory that each of these blocks keeps in use.
  ///
  /// A block may be a small part of a large receive buffer, all of which it keeps in use. Where the
  /// blocks that came together make up most of their buffer they are kept as they are; else they
  /// are copied, so that a slow peer's block does not cost four times its size.
  static func settle(_ blocks: inout [ReceivedBlock]) -> [Int] {
    var costs: [Int] = []
    costs.reserveCapacity(blocks.count)
    while costs.count < blocks.count {
      let first = costs.count
      let capacity = blocks[first].data.storageCapacity
      let start = blocks[first].address
      var used = 0
      var end = first
      // A few neighbouring buffers may pass for one; that only makes the bound a little softer.
      while end < blocks.count, blocks[end].data.storageCapacity == capacity,
        blocks[end].address >= start, blocks[end].address < start + UInt(capacity)
      {
        used += blocks[end].data.readableBytes
        end += 1
      }
      end = max(end, first + 1)
      let isWorthKeeping = used * 2 >= capacity
      for index in first..<end {
        let length = blocks[index].data.readableBytes
        if !isWorthKeeping {
          blocks[index].data = ByteBufferAllocator().buffer(buffer: blocks[index].data)
        }
        costs.append(isWorthKeeping ? max(length, capacity * length / max(1, used)) : length)
      }
    }
    return costs
  }

  private var address: UInt {
    data.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) }
  }
}
