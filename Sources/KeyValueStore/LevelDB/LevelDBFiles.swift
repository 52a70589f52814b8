internal import Foundation

/// What the store does with a database's files itself, beside LevelDB.
enum LevelDBFiles {
  /// Refuses what LevelDB would answer by making a new database where none is wanted.
  ///
  /// LevelDB leaves files behind when it is told not to create and finds none, and takes a
  /// directory without its CURRENT file for an empty one and deletes the tables in it.
  static func check(_ configuration: LevelDBStore.Configuration) throws(StoreError) {
    let path = configuration.path
    let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    if names.contains("CURRENT") { return }
    if let table = names.first(where: { ["ldb", "sst", "log"].contains(suffix($0)) }) {
      throw StoreError(
        .corrupt,
        "the database \(path) has no CURRENT file though it holds \(table); restore it from a copy, "
          + "or move the directory away to start anew")
    }
    guard configuration.createIfMissing else {
      throw StoreError(
        .missing, "there is no database at \(path); check the path, or let one be created")
    }
  }

  /// Makes every write so far durable.
  ///
  /// LevelDB syncs only its newest log: when it has changed logs since the last sync, the end of
  /// the one before could be lost though a synced write after it is kept.
  static func syncLogs(of path: String) throws(StoreError) {
    let names: [String]
    do {
      names = try FileManager.default.contentsOfDirectory(atPath: path)
    } catch {
      throw StoreError(.io, "cannot list the database directory \(path): \(error)")
    }
    for name in names where suffix(name) == "log" {
      let file = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
      if file < 0 {
        // Gone since: its records are in a table, which LevelDB has synced.
        if errno == ENOENT { continue }
        throw failure("open", path, name)
      }
      defer { Foundation.close(file) }
      guard fsync(file) == 0 else { throw failure("sync", path, name) }
    }
  }

  private static func failure(_ what: String, _ path: String, _ name: String) -> StoreError {
    let code = errno
    let cause = String(cString: strerror(code))
    return StoreError(
      code == ENOSPC || code == EDQUOT ? .diskFull : .io,
      "cannot \(what) the log \(name) of the database \(path): \(cause); check the disk, then open "
        + "the database again")
  }

  private static func suffix(_ name: String) -> Substring {
    name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
  }
}
