#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// Small files that only their owner may read, written whole or not at all.
enum SecretFile {
  /// The bytes of a file, refused when there are more than `limit`.
  static func read(_ path: String, limit: Int) throws(KeyStoreError) -> [UInt8] {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", path) }
    defer { close(file) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    defer { SecretBytes.wipe(&chunk) }
    while true {
      let count = chunk.withUnsafeMutableBytes { systemRead(file, $0) }
      if count < 0 {
        if errno == EINTR { continue }
        throw failure("read", path)
      }
      if count == 0 { return bytes }
      guard bytes.count + count <= limit else {
        throw .corrupt("\(path) has more than \(limit) bytes")
      }
      bytes += chunk.prefix(count)
    }
  }

  /// Puts a file of mode 0600 in place, so that after a crash either the old or the new is there.
  static func write(
    _ bytes: [UInt8], named name: String, in directory: String
  ) throws(KeyStoreError) {
    let path = directory + "/" + name
    let suffix = String(UInt64.random(in: .min ... .max), radix: 36)
    let temporary = directory + "/." + name + "." + suffix + ".tmp"
    let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw failure("create", temporary) }
    do throws(KeyStoreError) {
      defer { close(file) }
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = rest.withUnsafeBytes { systemWrite(file, $0) }
        if count < 0 {
          if errno == EINTR { continue }
          throw failure("write", temporary)
        }
        rest = rest.dropFirst(count)
      }
      guard fsync(file) == 0 else { throw failure("sync", temporary) }
      guard rename(temporary, path) == 0 else { throw failure("rename to", path) }
    } catch {
      unlink(temporary)
      throw error
    }
    try sync(directory: directory)
  }

  /// Removes a file for good.
  static func remove(named name: String, in directory: String) throws(KeyStoreError) {
    let path = directory + "/" + name
    guard unlink(path) == 0 else { throw failure("remove", path) }
    try sync(directory: directory)
  }

  /// Makes a directory of mode 0700 and its parents, unless it is there.
  static func makeDirectory(_ path: String) throws(KeyStoreError) {
    var end = path.startIndex
    while end != path.endIndex {
      let next = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
      end = next
      let part = String(path[..<end])
      if mkdir(part, 0o700) != 0, errno != EEXIST, errno != EISDIR {
        throw failure("create directory", part)
      }
    }
  }

  /// The names in a directory, in order; hidden ones are left out.
  static func names(in directory: String) throws(KeyStoreError) -> [String] {
    guard let stream = opendir(directory) else { throw failure("list", directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      guard !name.hasPrefix("."), !name.hasSuffix("~"),
        stat(directory + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFREG
      else { continue }
      names.append(name)
    }
    return names.sorted()
  }

  private static func sync(directory: String) throws(KeyStoreError) {
    let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard file >= 0 else { throw failure("open", directory) }
    defer { close(file) }
    guard fsync(file) == 0 else { throw failure("sync", directory) }
  }

  private static func failure(_ operation: String, _ path: String) -> KeyStoreError {
    .file(operation: operation, path: path, reason: String(cString: strerror(errno)))
  }
}

private func systemRead(_ file: Int32, _ buffer: UnsafeMutableRawBufferPointer) -> Int {
  read(file, buffer.baseAddress, buffer.count)
}

private func systemWrite(_ file: Int32, _ buffer: UnsafeRawBufferPointer) -> Int {
  write(file, buffer.baseAddress, buffer.count)
}
