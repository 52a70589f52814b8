internal import Foundation

/// A system call's failure.
struct Errno: Error, Equatable {
  let number: Int32

  /// What the last call of this thread set.
  static var last: Errno { Errno(number: errno) }

  static let missing = Errno(number: ENOENT)
  static let exists = Errno(number: EEXIST)
  static let io = Errno(number: EIO)

  /// Repeats a call that a signal interrupted, and throws what else it fails with.
  @discardableResult @inline(__always)
  static func check<Result: SignedInteger>(_ call: () -> Result) throws(Errno) -> Result {
    while true {
      let result = call()
      if result >= 0 { return result }
      let error = Errno.last
      if error.number != EINTR { throw error }
    }
  }
}
