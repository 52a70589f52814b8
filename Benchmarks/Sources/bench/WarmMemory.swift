internal import Foundation

/// Memory that the machine has at hand.
enum WarmMemory {
  /// Touches so many bytes and frees them, so that what needs fresh pages next gets them at once.
  ///
  /// Where a host takes idle memory back from its guests, whoever comes after a pause is two to
  /// three times slower than who comes right after another; this makes them alike.
  static func prepare(_ bytes: Int) throws {
    let area = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let area, area != MAP_FAILED else { throw BenchError("no \(bytes) bytes of memory") }
    defer { munmap(area, bytes) }
    for offset in stride(from: 0, to: bytes, by: 4_096) {
      area.storeBytes(of: 1, toByteOffset: offset, as: UInt8.self)
    }
  }
}
