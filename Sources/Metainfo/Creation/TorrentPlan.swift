internal import Primitives

/// What a torrent that is being made will hold, before its hashes are known.
struct TorrentPlan {
  let sources: [SourceFile]
  let layout: PieceLayout
  private let version: TorrentInfo.Version
  private let isFolder: Bool
  // The files with the pads between them; those of a source in the order of the sources.
  private let files: [TorrentFile]
  private let sourceOfFile: [Int?]

  init(
    sources: [SourceFile], isFolder: Bool, version: TorrentInfo.Version, pieceLength: Int
  ) throws(TorrentCreationError) {
    self.sources = sources
    self.version = version
    self.isFolder = isFolder
    var files: [TorrentFile] = []
    var sourceOfFile: [Int?] = []
    let padFolder = Self.padFolder(beside: sources)
    var offset = 0
    for (index, source) in sources.enumerated() {
      files.append(TorrentFile(path: source.path, length: source.length, offset: offset))
      sourceOfFile.append(index)
      offset += source.length
      guard offset < MetainfoLimits.totalLength else {
        throw .refused(.tooLarge(limit: MetainfoLimits.totalLength))
      }
      let pad = offset.roundedUp(toMultipleOf: pieceLength) - offset
      // A v1 torrent's files follow each other; those of the others begin at pieces. That the last
      // is padded too is what other makers of hybrids do, and one piece the less that is special.
      guard version != .v1, pad > 0, source.length > 0, isFolder || version == .v2 else { continue }
      if version == .hybrid {
        files.append(
          TorrentFile(
            path: [padFolder, String(pad)], length: pad, offset: offset, attributes: .pad))
        sourceOfFile.append(nil)
      }
      offset += pad
    }
    self.files = files
    self.sourceOfFile = sourceOfFile
    layout = PieceLayout(pieceLength: pieceLength, files: files, isAligned: version == .v2)
    guard layout.pieceCount <= MetainfoLimits.pieceCount else {
      throw .refused(.tooManyPieces(limit: MetainfoLimits.pieceCount))
    }
  }

  /// The folder that pads are said to lie in: `.pad` (BEP 47), unless a file or folder is called so,
  /// as there are programs that take pads for files.
  private static func padFolder(beside sources: [SourceFile]) -> String {
    let taken = Set(sources.compactMap { $0.path.first?.lowercased() })
    let others = (1...).lazy.map { ".pad-\($0)" }
    return taken.contains(".pad") ? others.first { !taken.contains($0) } ?? ".pad" : ".pad"
  }

  /// The path of each file that has bytes, by its index in the layout.
  func paths(root: String) -> [String] {
    sourceOfFile.map { $0.map { fullPath(ofSource: $0, root: root) } ?? "" }
  }

  func fullPath(ofSource index: Int, root: String) -> String {
    ([root] + sources[index].path).joined(separator: "/")
  }

  /// How many leaves a piece's tree has: as many as a piece, unless its file is no longer than one.
  func leafCount(ofPiece piece: Int) -> Int {
    let index = layout.firstExtent(endingAfter: piece * layout.pieceLength)
    guard index < layout.extents.count else { return 1 }
    let length = min(layout.extents[index].end - layout.extents[index].start, layout.pieceLength)
    let leaves = (length + PieceLayout.blockLength - 1) / PieceLayout.blockLength
    return max(1, leaves).roundedUpToPowerOfTwo
  }

  /// The entries of the info dictionary that follow from the files; of a single v2 file, the tree
  /// is left to ``singleFileTree(name:_:)``.
  func info(_ hashes: PieceHashes) -> [BencodeItem.Entry] {
    var entries: [BencodeItem.Entry] = [.init("piece length", .integer(layout.pieceLength))]
    if version != .v2 {
      entries.append(.init("pieces", .bytes(hashes.v1)))
      if isFolder {
        entries.append(.init("files", .list(files.indices.map(listEntry))))
      } else {
        entries.append(.init("length", .integer(layout.payloadLength)))
        if let attributes = attributes(ofFile: 0) { entries.append(attributes) }
      }
    }
    if version != .v1 {
      entries.append(.init("meta version", 2))
      if isFolder { entries.append(.init("file tree", tree(roots(hashes)))) }
    }
    return entries
  }

  /// The tree of a torrent that is one file.
  func singleFileTree(name: String, _ hashes: PieceHashes) -> BencodeItem {
    .dictionary([.init(name, leaf(ofFile: 0, roots(hashes)))])
  }

  /// The piece layers with their roots and their files' lengths.
  func layers(_ hashes: PieceHashes) -> [(root: Hash256, layer: [UInt8], length: Int)] {
    guard version != .v1 else { return [] }
    let all = hashes.v2
    let roots = roots(hashes)
    return files.indices.compactMap { index in
      guard files[index].length > layout.pieceLength, let root = roots[index] else { return nil }
      return (root, layer(all, of: files[index]), files[index].length)
    }
  }

  private func layer(_ hashes: [UInt8], of file: TorrentFile) -> [UInt8] {
    let pieces = layout.pieces(of: file)
    return Array(hashes[pieces.lowerBound * 32..<pieces.upperBound * 32])
  }

  /// The root of each file that has bytes and is no pad.
  private func roots(_ hashes: PieceHashes) -> [Hash256?] {
    let all = hashes.v2
    let pieceLayer = (layout.pieceLength / PieceLayout.blockLength).trailingZeroBitCount
    return files.map { file in
      guard file.length > 0, !file.isPad else { return nil }
      let hashes = layer(all, of: file)
      // A file of one piece has that piece's hash: its tree is no higher than it need be.
      return MerkleTree.root(
        of: hashes, width: (hashes.count / 32).roundedUpToPowerOfTwo, baseLayer: pieceLayer)
    }
  }

  private func listEntry(ofFile index: Int) -> BencodeItem {
    let file = files[index]
    var entries: [BencodeItem.Entry] = [
      .init("length", .integer(file.length)),
      .init("path", .list(file.path.map { .string($0) })),
    ]
    if file.isPad { entries.append(.init("attr", "p")) }
    if let attributes = attributes(ofFile: index) { entries.append(attributes) }
    if let target = target(ofFile: index) { entries.append(target) }
    return .dictionary(entries)
  }

  private func leaf(ofFile index: Int, _ roots: [Hash256?]) -> BencodeItem {
    var entries: [BencodeItem.Entry] = [.init("length", .integer(files[index].length))]
    if let root = roots[index] { entries.append(.init("pieces root", .bytes(root.bytes))) }
    if let attributes = attributes(ofFile: index) { entries.append(attributes) }
    if let target = target(ofFile: index) { entries.append(target) }
    return .dictionary([.init("", .dictionary(entries))])
  }

  private func attributes(ofFile index: Int) -> BencodeItem.Entry? {
    guard let source = sourceOfFile[index] else { return nil }
    if sources[source].target != nil { return .init("attr", "l") }
    return sources[source].isExecutable ? .init("attr", "x") : nil
  }

  private func target(ofFile index: Int) -> BencodeItem.Entry? {
    sourceOfFile[index].flatMap { sources[$0].target }.map {
      .init("symlink path", .list($0.map { .string($0) }))
    }
  }

  /// The file tree: files that share a folder follow each other, as they came from a walk.
  private func tree(_ roots: [Hash256?]) -> BencodeItem {
    let own = files.indices.filter { !files[$0].isPad }
    return folder(own[...], depth: 0, roots)
  }

  private func folder(_ own: ArraySlice<Int>, depth: Int, _ roots: [Hash256?]) -> BencodeItem {
    var entries: [BencodeItem.Entry] = []
    var rest = own
    while let first = rest.first {
      let name = files[first].path[depth]
      if files[first].path.count == depth + 1 {
        entries.append(.init(name, leaf(ofFile: first, roots)))
        rest = rest.dropFirst()
      } else {
        let inside = rest.prefix { files[$0].path.count > depth && files[$0].path[depth] == name }
        entries.append(.init(name, folder(inside, depth: depth + 1, roots)))
        rest = rest.dropFirst(inside.count)
      }
    }
    return .dictionary(entries)
  }
}
