#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Darwin)
  internal import Darwin
#endif

/// A file to be put in a torrent.
struct SourceFile {
  /// The names below the folder, empty for a file that is a torrent alone.
  var path: [String]
  var length: Int
  var isExecutable: Bool
  /// For a link within the folder: its target below the folder.
  var target: [String]?

  /// Whether it would be taken for padding between files.
  var isNamedLikePad: Bool { path.last?.hasPrefix("_____padding_file_") == true }
}

/// Finds what is in a folder, in the order of a file tree.
struct SourceScan {
  private let root: String
  private var files: [SourceFile] = []
  private var total = 0

  /// The files below `root`, or `root` itself, and whether it is a folder.
  static func scan(
    _ root: String
  ) throws(TorrentCreationError) -> (files: [SourceFile], isFolder: Bool) {
    var scan = SourceScan(root: root)
    let status = try scan.status([], follow: true)
    switch status.st_mode & S_IFMT {
    case S_IFREG: try scan.append([], status)
    case S_IFDIR: try scan.scanFolder([])
    default: throw .unreadable(path: root, reason: "neither a file nor a folder")
    }
    guard scan.files.contains(where: { $0.length > 0 }) else { throw .empty(path: root) }
    return (scan.files, status.st_mode & S_IFMT == S_IFDIR)
  }

  private init(root: String) { self.root = root }

  private mutating func scanFolder(_ path: [String]) throws(TorrentCreationError) {
    guard path.count < MetainfoLimits.pathDepth else { throw .unusableName(path: full(path)) }
    for name in try names(path) {
      let path = path + [name]
      guard PathCleaner.clean(name.utf8) == name else { throw .unusableName(path: full(path)) }
      var status = try status(path, follow: false)
      if status.st_mode & S_IFMT == S_IFLNK {
        if let target = target(path) {
          files.append(SourceFile(path: path, length: 0, isExecutable: false, target: target))
          continue
        }
        status = try self.status(path, follow: true)
        guard status.st_mode & S_IFMT == S_IFREG else { throw .link(path: full(path)) }
      }
      switch status.st_mode & S_IFMT {
      case S_IFREG: try append(path, status)
      case S_IFDIR: try scanFolder(path)
      default: continue  // Sockets, pipes and devices have no bytes to share.
      }
    }
  }

  private mutating func append(_ path: [String], _ status: stat) throws(TorrentCreationError) {
    guard status.st_size < MetainfoLimits.totalLength - total else {
      throw .refused(.tooLarge(limit: MetainfoLimits.totalLength))
    }
    total += Int(status.st_size)
    files.append(
      SourceFile(
        path: path, length: Int(status.st_size), isExecutable: status.st_mode & S_IXUSR != 0))
  }

  /// The names in a folder, in the order of their bytes.
  private func names(_ path: [String]) throws(TorrentCreationError) -> [String] {
    guard let folder = opendir(full(path)) else { throw unreadable(path) }
    defer { closedir(folder) }
    var names: [[UInt8]] = []
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      if name != Array(".".utf8), name != Array("..".utf8) { names.append(name) }
    }
    var texts: [String] = []
    for name in names.sorted(by: { $0.lexicographicallyPrecedes($1) }) {
      guard let text = String(validating: name, as: UTF8.self) else {
        throw .unusableName(path: full(path) + "/" + String(decoding: name, as: UTF8.self))
      }
      texts.append(text)
    }
    return texts
  }

  private func status(_ path: [String], follow: Bool) throws(TorrentCreationError) -> stat {
    var status = stat()
    let result = follow ? stat(full(path), &status) : lstat(full(path), &status)
    guard result == 0 else { throw unreadable(path) }
    return status
  }

  /// Where a link leads below the folder, if it does and something is there.
  private func target(_ path: [String]) -> [String]? {
    guard let real = realPath(full(path)), let base = realPath(root) else { return nil }
    let prefix = base == "/" ? base : base + "/"
    guard real.hasPrefix(prefix) else { return nil }
    return real.dropFirst(prefix.count).split(separator: "/").map(String.init)
  }

  private func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  private func full(_ path: [String]) -> String { ([root] + path).joined(separator: "/") }

  private func unreadable(_ path: [String]) -> TorrentCreationError {
    .unreadable(path: full(path), reason: String(cString: strerror(errno)))
  }
}
