#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Reads from one file after another, holding open the one that was read last.
public final class FileReader {
  private let path: (Int) -> String
  private var file: Int?
  private var descriptor: CInt = -1

  /// A reader of the files that `path` names by their indices.
  public init(path: @escaping (Int) -> String) { self.path = path }

  deinit { closeFile() }

  /// Fills `buffer` with bytes of a file; false if the file cannot be opened or ends before.
  public func read(
    _ file: Int, offset: Int, into buffer: UnsafeMutableRawBufferPointer
  ) -> Bool {
    if self.file != file {
      closeFile()
      // A pipe in a file's place would wait for its writer forever.
      descriptor = open(path(file), O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      self.file = file
    }
    guard descriptor >= 0 else { return false }
    var done = 0
    while done < buffer.count {
      let count = pread(
        descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
        off_t(offset + done))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      done += count
    }
    return true
  }

  /// The length of a regular file, or nil if there is none.
  static func length(of path: String) -> Int? {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(status.st_size)
  }

  private func closeFile() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
  }
}
