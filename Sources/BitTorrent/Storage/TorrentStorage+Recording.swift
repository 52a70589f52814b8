internal import KeyValueStore
internal import Synchronization

// The resume record.
extension TorrentStorage {
  /// Changes what the session keeps in the resume record: statistics, the info dictionary, piece
  /// layers.
  ///
  /// The storage's own members are overwritten whenever the record is saved.
  package func updateRecord(_ body: (inout ResumeRecord) -> Void) {
    state.withLock { body(&$0.record) }
  }

  /// Saves the record when enough was written since the last time, on the thread that wrote it.
  func recordIfDue() {
    saveRecord(isDirty: true) { $0.unrecordedBytes >= self.configuration.recordBytes }
  }

  /// Saves the record; without it the torrent is only hashed again, so a failure stops nothing.
  func saveRecord(
    isDirty: Bool, sync: Bool = false, if isDue: (State) -> Bool = { _ in true }
  ) {
    guard let resume, state.withLock({ isDue($0) }) else { return }
    saving.withLock { _ in
      let (files, pieces, bytes) = state.withLock { state -> (TorrentFiles?, ResumeRecord, Int) in
        // Another thread may have saved it while this one waited.
        guard state.phase != .closed, isDue(state) else { return (nil, state.record, 0) }
        state.record.have = state.have
        state.record.blocks = state.pieces.compactMapValues { piece in
          piece.written.isEmpty ? nil : piece.written
        }
        state.record.isDirty = isDirty
        return (state.files, state.record, state.unrecordedBytes)
      }
      guard let files else { return }
      // Taken after the pieces: a file's time is then never older than a piece the record has.
      var record = pieces
      record.files = files.fileStates()
      try? resume.save(record, sync: sync)
      // Not before: until the record is there, a crash loses them, and who writes more waits.
      state.withLock { $0.unrecordedBytes -= bytes }
    }
  }
}
