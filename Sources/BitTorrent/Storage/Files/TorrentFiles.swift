internal import Metainfo
internal import Synchronization

/// The files of one torrent on disk, and the part file for bytes of files that nobody wants.
///
/// A piece that an unwanted file shares with a wanted one has to be kept whole, to be verified and
/// given to others. What belongs to the unwanted file then goes to the part file, a sparse image of
/// the torrent: each byte lies where it lies in the torrent, so nothing needs an index that a crash
/// could spoil.
final class TorrentFiles: Sendable {
  struct Entry {
    /// Below the folder; differs from the torrent's when the file was renamed.
    var path: [String]
    var priority: UInt8 = 1
    var isInPartFile = false
    /// Whether the file went to the new folder already, while the torrent moves.
    var isMoved = false
    /// Whether it was opened for writing before, and so has the right length and room.
    var isPrepared = false
    /// As last seen; nil when it is not there.
    var status: FileStatus?
  }

  struct State {
    var folder: SafeFolder
    var newFolder: SafeFolder?
    var entries: [Entry]
    var pool: FilePool
    var partFile: OpenFile?
  }

  let info: TorrentInfo
  let state: Mutex<State>
  // Held alone while files change their names or places.
  let places = ReadWriteLock()
  private let preallocates: Bool

  init(
    _ info: TorrentInfo, _ configuration: StorageConfiguration, folder: SafeFolder
  ) {
    self.info = info
    preallocates = configuration.preallocates
    state = Mutex(
      State(
        folder: folder, entries: info.files.map { Entry(path: $0.path) },
        pool: FilePool(capacity: configuration.openFiles)))
  }

  /// The part file's name in the torrent's folder.
  var partFileName: String { ".\(info.hashes.primary.hex).parts" }

  /// Whether a file has bytes of its own on disk.
  func hasBytes(_ file: Int) -> Bool {
    !info.files[file].isPad && info.files[file].symlinkTarget == nil
  }
}

// MARK: - Bytes of pieces

extension TorrentFiles {
  /// Reads or writes a range of a piece across its files; padding reads as zeros and is not written.
  ///
  /// A write ends whole or throws. A read returns fewer bytes when a file ends early, or, when it
  /// must not wait, at what is not at hand.
  func transfer(
    _ direction: OpenFile.Direction, _ memory: inout IOVectors, _ range: Range<Int>,
    ofPiece piece: Int
  ) throws(StorageError) -> Int {
    var done = 0
    for segment in info.layout.segments(range, ofPiece: piece) {
      guard let index = segment.file else {
        direction == .write ? memory.skip(segment.length) : memory.zero(segment.length)
        done += segment.length
        continue
      }
      guard let (file, isPartFile) = try file(index, for: direction) else { return done }
      let offset =
        isPartFile
        ? piece * info.layout.pieceLength + range.lowerBound + done : segment.fileOffset
      let moved: Int
      do throws(Errno) {
        moved = try file.transfer(direction, &memory, count: segment.length, at: offset)
        if direction == .write {
          guard moved == segment.length else { throw .io }
          if !isPartFile { try note(index, file) }
        }
      } catch {
        throw StorageError(
          errno: error.number, direction == .write ? "write to" : "read", text(index))
      }
      done += moved
      if moved < segment.length { return done }
    }
    return done
  }

  /// Writes a range of a piece.
  func write(
    _ memory: inout IOVectors, _ range: Range<Int>, ofPiece piece: Int
  ) throws(StorageError) {
    try places.shared { () throws(StorageError) in
      _ = try transfer(.write, &memory, range, ofPiece: piece)
    }
  }

  /// Reads a range of a piece, and throws when not all of it is there.
  func read(
    _ memory: inout IOVectors, _ range: Range<Int>, ofPiece piece: Int
  ) throws(StorageError) {
    try places.shared { () throws(StorageError) in
      let found = try transfer(.read, &memory, range, ofPiece: piece)
      guard found == range.count else {
        let end = range.lowerBound + found..<range.upperBound
        let file = info.layout.segments(end, ofPiece: piece).first { $0.file != nil }?.file
        throw .changed(file.map(text) ?? state.withLock { $0.folder.path })
      }
    }
  }

  /// Reads what of a range is at hand without waiting, and returns how many bytes that were.
  func readCached(_ memory: inout IOVectors, _ range: Range<Int>, ofPiece piece: Int) -> Int {
    places.sharedNow {
      (try? transfer(.readCached, &memory, range, ofPiece: piece)) ?? 0
    } ?? 0
  }

  func isInPartFile(_ file: Int) -> Bool { state.withLock { $0.entries[file].isInPartFile } }

  func text(_ file: Int) -> String {
    state.withLock { $0.folder(of: $0.entries[file]).text($0.entries[file].path) }
  }

  // Looked at under the lock: of two threads that write, the last to note it sees what both wrote.
  private func note(_ index: Int, _ file: OpenFile) throws(Errno) {
    try state.withLock { (state) throws(Errno) in
      state.entries[index].status = try file.status()
    }
  }
}

// MARK: - Open files

extension TorrentFiles {
  /// The file that holds bytes of file `index`, and whether it is the part file; nil when it would
  /// have to be opened and that must not be waited for.
  private func file(
    _ index: Int, for direction: OpenFile.Direction
  ) throws(StorageError) -> (OpenFile, isPartFile: Bool)? {
    let writable = direction == .write
    enum Found { case open(OpenFile, isPartFile: Bool), closed(SafeFolder, Entry) }
    let found = state.withLock { state -> Found in
      let entry = state.entries[index]
      if entry.isInPartFile {
        if let file = state.partFile { return .open(file, isPartFile: true) }
      } else if let file = state.pool.file(index, writable: writable) {
        return .open(file, isPartFile: false)
      }
      return .closed(state.folder(of: entry), entry)
    }
    switch found {
    case .open(let file, let isPartFile): return (file, isPartFile)
    case .closed where direction == .readCached: return nil
    case .closed(let folder, let entry) where entry.isInPartFile:
      let file = try folder.open([partFileName], writable ? .create(executable: false) : .write)
      return (state.withLock { $0.keepPartFile(file) }, true)
    case .closed(let folder, let entry):
      let file = try open(index, entry, in: folder, writable: writable)
      state.withLock {
        $0.pool.insert(file, index)
        if writable { $0.entries[index].isPrepared = true }
      }
      return (file, false)
    }
  }

  private func open(
    _ index: Int, _ entry: Entry, in folder: SafeFolder, writable: Bool
  ) throws(StorageError) -> OpenFile {
    guard writable else { return try folder.open(entry.path, .read) }
    let file = try folder.open(entry.path, mode(index))
    guard !entry.isPrepared else { return file }
    do throws(Errno) {
      let wanted = info.files[index].length
      let length = try file.status().length
      if length > wanted { try file.truncate(to: wanted) }
      if length < wanted, preallocates { try file.allocate(wanted) }
    } catch {
      throw StorageError(errno: error.number, "make room for", folder.text(entry.path))
    }
    return file
  }

  /// How a file is opened to be written.
  func mode(_ index: Int) -> SafeFolder.Mode {
    .create(executable: info.files[index].attributes.contains(.executable))
  }

  /// A file to read from, opened if need be.
  func reader(_ index: Int) throws(StorageError) -> OpenFile {
    if let (file, isPartFile) = try file(index, for: .read), !isPartFile { return file }
    throw StorageError(errno: Errno.missing.number, "open", text(index))
  }

  func closeAll() {
    state.withLock {
      $0.pool.removeAll()
      $0.partFile = nil
    }
  }
}

extension TorrentFiles.State {
  /// Where a file lies: while the torrent moves, some are in the new folder already.
  func folder(of entry: TorrentFiles.Entry) -> SafeFolder {
    entry.isMoved ? newFolder ?? folder : folder
  }

  /// Keeps the part file open, unless another thread was first: then it gives that one's.
  fileprivate mutating func keepPartFile(_ file: OpenFile) -> OpenFile {
    if let partFile { return partFile }
    partFile = file
    return file
  }
}
