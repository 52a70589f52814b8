internal import Metainfo
internal import Synchronization

// What is on disk, compared with what a record says.
extension TorrentFiles {
  /// Takes over names and priorities from a record, and looks at every file.
  ///
  /// Returns the files that are not as the record has them.
  func scan(_ record: ResumeRecord) throws(StorageError) -> Set<Int> {
    state.withLock { state in
      for (index, recorded) in record.files.enumerated() where hasBytes(index) {
        state.entries[index].priority = recorded.priority
        state.entries[index].isInPartFile = recorded.isInPartFile
        state.entries[index].path = recorded.renamedTo ?? info.files[index].path
      }
    }
    try scan()
    let entries = state.withLock { $0.entries }
    var changed = Set(
      entries.indices.filter { index in
        // A complete file is written to no more; another may have been until the end.
        let isGrowing = record.isDirty && !isComplete(index, record.have)
        return hasBytes(index)
          && !record.files[index].isAsRecorded(entries[index].status, mayHaveGrown: isGrowing)
      })
    let folder = state.withLock { $0.folder }
    if try folder.status([partFileName]) == nil {
      changed.formUnion(entries.indices.filter { entries[$0].isInPartFile })
    }
    return changed
  }

  /// Looks at every file; while the torrent moves, in both folders.
  func scan() throws(StorageError) {
    for index in info.files.indices where hasBytes(index) {
      let (folder, newFolder, path) = state.withLock { state in
        (state.folder, state.newFolder, state.entries[index].path)
      }
      var status = try folder.status(path)
      var isMoved = false
      if status == nil, let newFolder {
        status = try newFolder.status(path)
        isMoved = status != nil
      }
      state.withLock { state in
        state.entries[index].status = status
        state.entries[index].isMoved = isMoved
      }
    }
  }

  private func isComplete(_ file: Int, _ have: Bitfield) -> Bool {
    info.layout.pieces(of: info.files[file]).allSatisfy { have[$0] }
  }

  /// How a record describes the files.
  func fileStates() -> [ResumeRecord.FileState] {
    state.withLock { state in
      state.entries.indices.map { index in
        let entry = state.entries[index]
        var file = ResumeRecord.FileState()
        file.length = entry.status?.length
        file.modified = entry.status?.modified ?? 0
        file.priority = entry.priority
        file.isInPartFile = entry.isInPartFile
        if entry.path != info.files[index].path { file.renamedTo = entry.path }
        return file
      }
    }
  }

  /// Whether all bytes of a range of a piece may be on disk: no file is missing, too short, or has
  /// a hole there.
  func mayHold(_ range: Range<Int>, ofPiece piece: Int) -> Bool {
    for segment in info.layout.segments(range, ofPiece: piece) {
      guard let file = segment.file else { continue }
      let (status, isInPartFile) = state.withLock {
        ($0.entries[file].status, $0.entries[file].isInPartFile)
      }
      if isInPartFile { continue }
      guard let status, status.length >= segment.fileOffset + segment.length else { return false }
    }
    return true
  }

  /// The stretches of a file that may hold data; a hole was never written.
  func data(ofFile index: Int) -> [Range<Int>] {
    guard
      let status = state.withLock({ $0.entries[index].status }), status.length > 0,
      let file = try? places.shared({ () throws(StorageError) in try reader(index) })
    else { return [] }
    var stretches: [Range<Int>] = []
    var position = 0
    while let stretch = file.data(from: position, length: status.length) {
      stretches.append(stretch)
      position = stretch.upperBound
    }
    return stretches
  }

  /// Makes the wanted files that have no bytes, as no piece ever will.
  func makeEmptyFiles() throws(StorageError) {
    for (index, file) in info.files.enumerated()
    where hasBytes(index) && file.length == 0 {
      let (folder, entry) = state.withLock { ($0.folder, $0.entries[index]) }
      guard entry.priority > 0, entry.status == nil else { continue }
      _ = try folder.open(entry.path, mode(index))
      let status = try folder.status(entry.path)
      state.withLock { $0.entries[index].status = status }
    }
  }

  /// Makes the torrent's links; done last, when what they lead to is there.
  func makeLinks() throws(StorageError) {
    for (index, file) in info.files.enumerated() {
      guard let target = file.symlinkTarget else { continue }
      let (folder, entry) = state.withLock { ($0.folder, $0.entries[index]) }
      if entry.priority > 0 { try folder.link(entry.path, to: target) }
    }
  }
}

extension ResumeRecord.FileState {
  /// Whether a file is as it was, or as this engine may have left it after the record was made.
  func isAsRecorded(_ status: FileStatus?, mayHaveGrown: Bool) -> Bool {
    guard let length else { return status == nil || mayHaveGrown }
    guard let status, status.isRegular else { return false }
    if status.length == length, status.modified == modified { return true }
    return mayHaveGrown && status.length >= length && status.modified >= modified
  }
}
