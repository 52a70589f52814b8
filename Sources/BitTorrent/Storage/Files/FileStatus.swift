internal import Foundation

/// What the system tells of a file.
struct FileStatus: Equatable {
  /// Bytes.
  var length: Int
  /// When its bytes last changed, in nanoseconds since 1970.
  var modified: Int
  var isRegular: Bool
  var isLink: Bool

  init(_ status: stat) {
    length = Int(status.st_size)
    #if canImport(Darwin)
      let time = status.st_mtimespec
    #else
      let time = status.st_mtim
    #endif
    modified = (Int(time.tv_sec) &* 1_000_000_000) &+ Int(time.tv_nsec)
    isRegular = status.st_mode & S_IFMT == S_IFREG
    isLink = status.st_mode & S_IFMT == S_IFLNK
  }
}
