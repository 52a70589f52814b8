internal import Foundation

extension StoreError {
  /// The error that LevelDB reported as `status` of the database at `path`.
  ///
  /// Its C interface tells kinds of errors apart only by their texts: a kind, a colon, the file,
  /// and for errors of the system the C library's words at the end.
  init(levelDB status: String, path: String) {
    let (code, what, next): (Code, String, String) =
      if status.hasPrefix("IO error: lock \(path)/LOCK: ") {
        (.locked, "is in use", "stop the other process that has it open, or use another directory")
      } else if status.hasPrefix("Corruption:") {
        (.corrupt, "is damaged", "restore it from a copy, or move it away to start anew")
      } else if status.hasPrefix("Not implemented:") {
        (.notSupported, "cannot do this", "use another setting")
      } else if status.hasPrefix("Invalid argument:") {
        // The files do not fit the settings, as with a database of another program.
        (.corrupt, "does not open", "check that the directory is one of this program's databases")
      } else if status.contains(": \(path)/LOCK: "),
        status.hasSuffix(Self.words(ENOENT)) || status.hasSuffix(Self.words(ENOTDIR))
      {
        (.missing, "cannot be created", "check that the directory that is to hold it exists")
      } else if status.hasSuffix(Self.words(ENOENT)) {
        (.corrupt, "lacks a file", "restore it from a copy, or move it away to start anew")
      } else if status.hasSuffix(Self.words(EINVAL)) || status.hasSuffix(Self.words(EISDIR)) {
        // LevelDB's words for a read past the end of a table, and for a CURRENT that names nothing.
        (.corrupt, "is damaged", "restore it from a copy, or move it away to start anew")
      } else if status.hasSuffix(Self.words(ENOSPC)) || status.hasSuffix(Self.words(EDQUOT)) {
        (.diskFull, "has no room left on its disk", "free some space, then open it again")
      } else {
        (.io, "cannot be read or written", "check the disk and the permissions")
      }
    self.init(code, "the database \(path) \(what) (\(status)); \(next)")
  }

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
