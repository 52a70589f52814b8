internal import Primitives

/// Reads the `file tree` of a v2 info dictionary (BEP 52).
struct FileTreeReader {
  private var files: [FileDraft] = []
  private var path: [String] = []

  /// The files, in the order of the tree.
  static func read(_ info: BencodeValue) throws(MetainfoError) -> [FileDraft] {
    guard let tree = info["file tree"], tree.isDictionary else { throw .invalid(key: "file tree") }
    var reader = FileTreeReader()
    try reader.readFolder(tree)
    guard !reader.files.isEmpty else { throw .noContent }
    return reader.files
  }

  // The depth is that of the bencoding, which has been read within its limit.
  private mutating func readFolder(_ folder: BencodeValue) throws(MetainfoError) {
    guard let entries = folder.entries else { throw .invalidFileTree(file: files.count) }
    for (key, value) in entries {
      guard !key.isEmpty, let first = value.entries?.first(where: { _ in true }) else {
        // An empty folder holds nothing that could be fetched.
        if !key.isEmpty, value.isDictionary { continue }
        throw .invalidFileTree(file: files.count)
      }
      path.append(PathCleaner.element(key))
      guard path.count <= MetainfoLimits.pathDepth else { throw .invalidPath(file: files.count) }
      if first.key.isEmpty {
        // What describes a file stands alone: a path is a file or a folder.
        guard value.entries?.dropFirst().first(where: { _ in true }) == nil else {
          throw .invalidFileTree(file: files.count)
        }
        try readFile(first.value)
      } else {
        try readFolder(value)
      }
      path.removeLast()
    }
  }

  private mutating func readFile(_ value: BencodeValue) throws(MetainfoError) {
    let index = files.count
    guard value.isDictionary else { throw .invalidFileTree(file: index) }
    let attributes = FileListReader.attributes(value)
    guard !attributes.contains(.pad) else { throw .padInFileTree(file: index) }
    var draft = FileDraft(path: path, length: 0, attributes: attributes)
    if attributes.contains(.symlink) {
      guard
        let target = value["symlink path"].flatMap({ FileListReader.path($0, orElse: nil) })
      else { throw .invalidSymlink(file: index) }
      draft.symlinkTarget = target
    } else {
      draft.length = try FileListReader.length(value, index: index)
    }
    if draft.length > 0 {
      guard let root = value["pieces root"]?.bytes.flatMap(Hash256.init), !root.isZero else {
        throw .invalidPiecesRoot(file: index)
      }
      draft.piecesRoot = root
    }
    files.append(draft)
  }

  /// Gives the files of a hybrid's v1 list the roots of its v2 tree, once they are found equal;
  /// `name` is that of a torrent that is one file without a folder.
  ///
  /// Both sides must count the same pieces: pads are as long as the gaps that v2 has.
  static func join(
    _ tree: [FileDraft], to list: inout [FileDraft], name: String?, pieceLength: Int
  ) throws(MetainfoError) {
    var remaining = tree[...]
    var offset = 0
    var end = 0
    for index in list.indices {
      let file = list[index]
      // Each length is less than the limit, so that the sums cannot overflow.
      guard max(offset, end) < MetainfoLimits.totalLength else {
        throw .tooLarge(limit: MetainfoLimits.totalLength)
      }
      defer { offset += file.length }
      if file.isPad { continue }
      guard let twin = remaining.popFirst(), twin.length == file.length,
        twin.path == (name.map { [$0] } ?? file.path),
        twin.symlinkTarget == file.symlinkTarget,
        file.length == 0 || offset == end
      else { throw .hybridMismatch(file: index) }
      list[index].piecesRoot = twin.piecesRoot
      end = (end + file.length).roundedUp(toMultipleOf: pieceLength)
    }
    guard remaining.isEmpty, offset <= end else { throw .hybridMismatch(file: list.count) }
  }
}
