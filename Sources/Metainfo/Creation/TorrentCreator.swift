internal import Dispatch
internal import Primitives
internal import Synchronization

/// Makes torrents of files and folders, hashing on several threads.
///
/// ```swift
/// var creator = TorrentCreator()
/// creator.trackers = [["https://tracker.example/announce"]]
/// let metainfo = try creator.create(from: "/srv/share")
/// ```
public struct TorrentCreator: Sendable {
  /// The format of the torrent: v1, v2, or a hybrid of both.
  public var version: TorrentInfo.Version = .hybrid
  /// The length of a piece in bytes; nil to choose it by the payload's size.
  public var pieceLength: Int?
  /// The torrent's name; nil for that of the file or folder.
  public var name: String?
  /// Whether peers may only come from the trackers (BEP 27).
  public var isPrivate = false
  /// A text that tells otherwise equal torrents of several trackers apart (`source`).
  public var source: String?
  /// Trackers in tiers (BEP 12).
  public var trackers: [[String]] = []
  /// Web seeds (BEP 19).
  public var webSeeds: [String] = []
  /// A comment for people.
  public var comment: String?
  /// The program that makes the torrent.
  public var createdBy: String?
  /// When it is made, in seconds since 1970.
  public var creationDate: Int?
  /// How many threads hash, at least 1.
  public var workers = 2

  /// A creator of hybrid torrents.
  public init() {}

  /// Makes a torrent; it blocks the thread until everything is hashed.
  ///
  /// - Parameters:
  ///   - path: a file or folder.
  ///   - isCancelled: asked before each piece.
  ///   - progress: called by the hashing threads with the bytes that are hashed, and those in all.
  /// - Returns: the torrent; its ``Metainfo/encoded`` is the torrent file.
  /// - Throws: `TorrentCreationError`.
  public func create(
    from path: String, isCancelled: @Sendable () -> Bool = { false },
    progress: @Sendable (_ hashed: Int, _ total: Int) -> Void = { _, _ in }
  ) throws(TorrentCreationError) -> Metainfo {
    var root = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    var (sources, isFolder) = try SourceScan.scan(root)
    if version == .v2, isFolder, sources.count == 1, sources[0].path.count == 1 {
      // A tree of one file at its root means the file alone: v2 cannot tell that from a folder.
      root += "/" + sources[0].path[0]
      sources[0].path = []
      isFolder = false
    }
    // By an old custom, a file of this name is a pad to whoever reads a list of files.
    if version != .v2, let pad = sources.first(where: \.isNamedLikePad) {
      throw .unusableName(path: pad.path.joined(separator: "/"))
    }
    let plan = try TorrentPlan(
      sources: sources, isFolder: isFolder, version: version,
      pieceLength: try pieceLength(for: sources.reduce(0) { $0 + $1.length }))
    let hashes = try hash(plan, root: root, isCancelled: isCancelled, progress: progress)

    var draft = plan.info(hashes)
    let fallback = root.split(separator: "/").last.map(String.init) ?? root
    let name = name ?? fallback
    guard PathCleaner.clean(name.utf8) == name else { throw .unusableName(path: name) }
    draft.append(.init("name", .string(name)))
    if isPrivate { draft.append(.init("private", 1)) }
    if let source { draft.append(.init("source", .string(source))) }
    if version != .v1, !isFolder {
      draft.append(.init("file tree", plan.singleFileTree(name: name, hashes)))
    }
    var metainfo: Metainfo
    do {
      metainfo = Metainfo(info: try TorrentInfo(rawBytes: BencodeItem.dictionary(draft).encoded))
      for (root, layer, length) in plan.layers(hashes) {
        try metainfo.pieceLayers.insert(
          layer, root: root, length: length, pieceLength: plan.layout.pieceLength)
      }
    } catch {
      throw .refused(error)
    }
    try checkNames(plan, metainfo.info, isFolder: isFolder)
    metainfo.trackers = trackers.filter { !$0.isEmpty }
    metainfo.webSeeds = webSeeds
    metainfo.comment = comment
    metainfo.createdBy = createdBy
    metainfo.creationDate = creationDate
    return metainfo
  }

  /// The least power of two by which there are at most 2 048 pieces, from 16 KiB to 16 MiB.
  public static func pieceLength(forPayload length: Int) -> Int {
    min(max(16 << 10, (length / 2048).roundedUpToPowerOfTwo), 16 << 20)
  }

  private func pieceLength(for payload: Int) throws(TorrentCreationError) -> Int {
    guard let pieceLength else { return Self.pieceLength(forPayload: payload) }
    guard (1...MetainfoLimits.pieceLength).contains(pieceLength),
      version == .v1
        || (pieceLength >= PieceLayout.blockLength && pieceLength & (pieceLength - 1) == 0)
    else { throw .invalidPieceLength(pieceLength) }
    return pieceLength
  }

  private func hash(
    _ plan: TorrentPlan, root: String, isCancelled: @Sendable () -> Bool,
    progress: @Sendable (Int, Int) -> Void
  ) throws(TorrentCreationError) -> PieceHashes {
    let layout = plan.layout
    let total = layout.payloadLength
    let next = Atomic<Int>(0)
    let hashed = Atomic<Int>(0)
    let failure = Mutex<TorrentCreationError?>(nil)
    let hashes = PieceHashes(count: layout.pieceCount, v1: version != .v2, v2: version != .v1)
    let paths = plan.paths(root: root)
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers, layout.pieceCount))) { _ in
      let reader = FileReader { paths[$0] }
      withUnsafeTemporaryAllocation(
        byteCount: PieceChecker.chunkLength, alignment: 64
      ) { buffer in
        while true {
          let piece = next.add(1, ordering: .relaxed).oldValue
          if isCancelled() { failure.withLock { $0 = $0 ?? .cancelled } }
          guard piece < layout.pieceCount, failure.withLock({ $0 == nil }) else { return }
          var failed: Int?
          var hasher = PieceHasher(
            dataLength: layout.dataLength(ofPiece: piece), v1: version != .v2, v2: version != .v1)
          let isRead = hasher.update(segments: layout.segments(ofPiece: piece), buffer: buffer) {
            let isRead = reader.read($0, offset: $1, into: $2)
            if !isRead { failed = $0 }
            return isRead
          }
          guard isRead else {
            let path = failed.flatMap { paths[$0] } ?? root
            failure.withLock { $0 = $0 ?? .changed(path: path) }
            return
          }
          hashes.set(piece, hasher.finalize(), leafCount: plan.leafCount(ofPiece: piece))
          let length = layout.dataLength(ofPiece: piece)
          progress(hashed.add(length, ordering: .relaxed).newValue, total)
        }
      }
    }
    if let failure = failure.withLock({ $0 }) { throw failure }
    // What grew meanwhile would be cut off in silence.
    for (index, source) in plan.sources.enumerated() where source.target == nil {
      let path = plan.fullPath(ofSource: index, root: root)
      guard FileReader.length(of: path) == source.length else { throw .changed(path: path) }
    }
    return hashes
  }

  /// Whoever reads the torrent, ourselves to begin with, must find the files by the same names.
  private func checkNames(
    _ plan: TorrentPlan, _ info: TorrentInfo, isFolder: Bool
  ) throws(TorrentCreationError) {
    let files = info.files.filter { !$0.isPad }
    for (file, source) in zip(files, plan.sources) where Array(file.path.dropFirst()) != source.path
    {
      throw .unusableName(path: source.path.joined(separator: "/"))
    }
  }
}
