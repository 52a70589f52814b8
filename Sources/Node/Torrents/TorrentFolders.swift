internal import Foundation

/// The folders in which callers may have torrents: a token that gets stolen must not write or read
/// all that the node's user can.
package struct TorrentFolders: Sendable {
  /// Where torrents go that name no folder.
  package let standard: String
  private let roots: [String]

  /// The folder for all, and further ones, which must be there.
  ///
  /// - Throws: `NodeError` that names the folder that is not there.
  package init(standard: String, roots: [String]) throws(NodeError) {
    do {
      try FileManager.default.createDirectory(
        atPath: standard, withIntermediateDirectories: true)
    } catch {
      throw NodeError(
        .dataDirectory,
        "cannot make the folder \(standard) for torrents: \(error.localizedDescription); choose "
          + "another with torrents.directory")
    }
    var resolved: [String] = []
    for root in [standard] + roots {
      guard let path = Self.resolve(root) else {
        throw NodeError(
          .configuration,
          "the folder \(root) for torrents is not there: make it, or correct "
            + "torrents.directory or torrents.roots")
      }
      resolved.append(path)
    }
    self.standard = resolved[0]
    self.roots = resolved
  }

  /// The place that `path` leads to by whatever links are on its way; nil when it is neither in
  /// nor below one of the folders.
  ///
  /// It need not exist. A path that does not begin at the root counts from the standard folder.
  package func place(of path: String) -> String? {
    guard !path.isEmpty, path.utf8.count < Int(PATH_MAX), !path.utf8.contains(0) else { return nil }
    let full = path.hasPrefix("/") ? path : "\(standard)/\(path)"
    // What is not there yet has no links; what is there is followed to where it is.
    var rest: [Substring] = []
    var known = full.split(separator: "/")[...]
    guard !known.contains("..") else { return nil }
    while true {
      if let found = Self.resolve("/" + known.joined(separator: "/")) {
        let place = ([found == "/" ? "" : found] + rest.map(String.init)).joined(separator: "/")
        return roots.contains { place == $0 || place.hasPrefix($0 == "/" ? "/" : $0 + "/") }
          ? place : nil
      }
      // A link that leads nowhere would lead somewhere once its target is made.
      guard !Self.isLink("/" + known.joined(separator: "/")), let last = known.popLast() else {
        return nil
      }
      if last != "." { rest.insert(last, at: 0) }
    }
  }

  private static func resolve(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }
}
