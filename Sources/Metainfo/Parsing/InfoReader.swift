internal import Primitives

/// Reads an info dictionary (BEP 3, 47, 52).
struct InfoReader {
  private let info: BencodeValue

  init(_ value: BencodeValue, key: String) throws(MetainfoError) {
    guard value.isDictionary else { throw .invalid(key: key) }
    info = value
  }

  func read() throws(MetainfoError) -> TorrentInfo {
    let version = try version()
    let pieceLength = try pieceLength(version)
    let rawBytes = Array(info.encoding)
    let hashes = InfoHashes(
      v1: version == .v2 ? nil : SHA1Hash(hashing: rawBytes),
      v2: version == .v1 ? nil : Hash256(hashing: rawBytes))
    var name = try name()

    var drafts: [FileDraft]
    var isSingleFile: Bool
    switch version {
    case .v1:
      (drafts, isSingleFile) = try FileListReader.read(info)
    case .v2:
      drafts = try FileTreeReader.read(info)
      // A tree of one file and nothing else is that file; its name is the one that counts.
      isSingleFile =
        drafts.count == 1 && drafts[0].path.count == 1
        && info["file tree"]?.entries?.dropFirst().first { _ in true } == nil
      if isSingleFile {
        name = drafts[0].path[0]
        drafts[0].path = []
      }
    case .hybrid:
      (drafts, isSingleFile) = try FileListReader.read(info)
      try FileTreeReader.join(
        try FileTreeReader.read(info), to: &drafts, name: isSingleFile ? name : nil,
        pieceLength: pieceLength)
    }
    try FileNames.settle(&drafts)

    let files = try place(drafts, below: name, alignedTo: version == .v2 ? pieceLength : nil)
    if version != .v1 { try checkRoots(files) }
    let layout = PieceLayout(
      pieceLength: pieceLength, files: files, isAligned: version == .v2)
    guard layout.payloadLength > 0 else { throw .noContent }
    guard layout.pieceCount <= MetainfoLimits.pieceCount else {
      throw .tooManyPieces(limit: MetainfoLimits.pieceCount)
    }
    return TorrentInfo(
      rawBytes: rawBytes, hashes: hashes, version: version, name: name,
      isPrivate: info["private"]?.integer == 1, isSingleFile: isSingleFile, files: files,
      layout: layout, pieceHashes: try pieceHashes(version, count: layout.pieceCount))
  }

  private func version() throws(MetainfoError) -> TorrentInfo.Version {
    guard let value = info["meta version"] else {
      // Read as v1 alone, it would be another torrent than its maker meant.
      guard info["file tree"] == nil else { throw .invalid(key: "meta version") }
      return .v1
    }
    guard let number = value.integer else { throw .invalid(key: "meta version") }
    guard number <= 2 else { throw .unsupportedVersion(number) }
    guard number == 2 else { return .v1 }
    guard info.isCanonical else { throw .notCanonical }
    return info["files"] == nil && info["length"] == nil ? .v2 : .hybrid
  }

  private func pieceLength(_ version: TorrentInfo.Version) throws(MetainfoError) -> Int {
    guard let length = info["piece length"]?.integer else { throw .invalid(key: "piece length") }
    guard length > 0, length <= MetainfoLimits.pieceLength else {
      throw .invalidPieceLength(length)
    }
    if version != .v1 {
      guard length >= PieceLayout.blockLength, length & (length - 1) == 0 else {
        throw .invalidPieceLength(length)
      }
    }
    return length
  }

  private func name() throws(MetainfoError) -> String {
    guard let bytes = (info["name.utf-8"] ?? info["name"])?.bytes, !bytes.isEmpty else {
      throw .invalid(key: "name")
    }
    // A name of which nothing is left is replaced by the hash, in v2 too, as libtorrent does.
    return PathCleaner.clean(bytes) ?? SHA1Hash(hashing: info.encoding).hex
  }

  private func place(
    _ drafts: [FileDraft], below name: String, alignedTo alignment: Int?
  ) throws(MetainfoError) -> [TorrentFile] {
    var files: [TorrentFile] = []
    files.reserveCapacity(drafts.count)
    var offset = 0
    for draft in drafts {
      if let alignment, draft.length > 0 { offset = offset.roundedUp(toMultipleOf: alignment) }
      files.append(
        TorrentFile(
          path: [name] + draft.path, length: draft.length, offset: offset,
          attributes: draft.attributes, piecesRoot: draft.piecesRoot,
          symlinkTarget: draft.symlinkTarget.map { [name] + $0 }))
      // Neither can overflow: each length is less than 2^48, and so is the sum before.
      offset += draft.length
      guard offset < MetainfoLimits.totalLength else {
        throw .tooLarge(limit: MetainfoLimits.totalLength)
      }
    }
    return files
  }

  /// Files that share a root hold the same bytes, so they are equally long.
  private func checkRoots(_ files: [TorrentFile]) throws(MetainfoError) {
    var lengths: [Hash256: Int] = [:]
    for (index, file) in files.enumerated() {
      guard let root = file.piecesRoot else { continue }
      if let length = lengths.updateValue(file.length, forKey: root), length != file.length {
        throw .invalidPiecesRoot(file: index)
      }
    }
  }

  private func pieceHashes(
    _ version: TorrentInfo.Version, count: Int
  ) throws(MetainfoError) -> Range<Int> {
    if version == .v2 { return 0..<0 }
    guard let pieces = info["pieces"], let bytes = pieces.bytes else {
      throw .invalid(key: "pieces")
    }
    guard bytes.count == count * SHA1Hash.byteCount else {
      throw .wrongPieceHashes(expected: count, byteCount: bytes.count)
    }
    let start = info.range.lowerBound
    return pieces.contentRange.lowerBound - start..<pieces.contentRange.upperBound - start
  }
}

extension Int {
  func roundedUp(toMultipleOf unit: Int) -> Int { (self + unit - 1) / unit * unit }
}
