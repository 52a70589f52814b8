#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Bytes in one place of memory, overwritten when the last owner lets go.
final class SecretBytes: Sendable {
  // Written in init only.
  private nonisolated(unsafe) let storage: UnsafeMutableRawBufferPointer

  /// A copy of `bytes`.
  init(_ bytes: some Collection<UInt8>) {
    storage = .allocate(byteCount: bytes.count, alignment: 8)
    storage.copyBytes(from: bytes)
  }

  deinit {
    Self.wipe(storage)
    storage.deallocate()
  }

  func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try body(UnsafeRawBufferPointer(storage))
  }

  /// Overwrites memory in a way that the optimiser may not drop.
  static func wipe(_ bytes: UnsafeMutableRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    #if canImport(Darwin)
      _ = memset_s(base, bytes.count, 0, bytes.count)
    #else
      explicit_bzero(base, bytes.count)
    #endif
  }

  /// Overwrites an array that held a secret.
  static func wipe(_ bytes: inout [UInt8]) {
    bytes.withUnsafeMutableBytes { wipe($0) }
  }
}
