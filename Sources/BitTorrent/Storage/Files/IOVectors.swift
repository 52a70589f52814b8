internal import Foundation

/// Stretches of memory that reads fill, or writes empty, one after the other.
///
/// Whoever makes it keeps the memory alive until the last use.
struct IOVectors {
  private var vectors: [iovec] = []
  private var first = 0

  /// How many vectors one system call may take (IOV_MAX).
  private static let limit = 1024

  init() {}

  init(_ memory: UnsafeMutableRawBufferPointer) { append(memory) }

  mutating func reserve(_ count: Int) { vectors.reserveCapacity(count) }

  mutating func append(_ memory: UnsafeMutableRawBufferPointer) {
    guard memory.count > 0 else { return }
    vectors.append(iovec(iov_base: memory.baseAddress, iov_len: memory.count))
  }

  /// Memory that is only written from.
  mutating func append(_ memory: UnsafeRawBufferPointer) {
    append(UnsafeMutableRawBufferPointer(mutating: memory))
  }

  /// Lets `call` have the next `count` bytes or as many as one call takes, and passes over as many
  /// as it returns.
  mutating func withNext(
    _ count: Int, _ call: (UnsafePointer<iovec>, Int32) throws(Errno) -> Int
  ) throws(Errno) -> Int {
    var last = first
    var left = count
    while last < vectors.count, last - first < Self.limit, vectors[last].iov_len < left {
      left -= vectors[last].iov_len
      last += 1
    }
    // The vector in which `count` ends is shortened for the call.
    var whole: Int?
    if last < vectors.count, last - first < Self.limit {
      whole = vectors[last].iov_len
      vectors[last].iov_len = min(left, vectors[last].iov_len)
      last += 1
    }
    let moved: Int
    do throws(Errno) {
      moved = try vectors.withUnsafeBufferPointer { buffer throws(Errno) in
        guard last > first, let base = buffer.baseAddress else { return 0 }
        return try call(base + first, Int32(last - first))
      }
    } catch {
      if let whole { vectors[last - 1].iov_len = whole }
      throw error
    }
    if let whole { vectors[last - 1].iov_len = whole }
    skip(moved)
    return moved
  }

  /// Passes over `count` bytes.
  mutating func skip(_ count: Int) {
    var left = count
    while left > 0, first < vectors.count {
      let length = vectors[first].iov_len
      guard length <= left else {
        vectors[first].iov_base += left
        vectors[first].iov_len -= left
        return
      }
      left -= length
      first += 1
    }
  }

  /// Fills the next `count` bytes with zeros, and passes over them.
  mutating func zero(_ count: Int) {
    var left = count
    for vector in vectors[first...] where left > 0 {
      guard let base = vector.iov_base else { continue }
      let part = min(left, vector.iov_len)
      memset(base, 0, part)
      left -= part
    }
    skip(count)
  }
}
