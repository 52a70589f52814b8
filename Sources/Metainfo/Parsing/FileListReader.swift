/// Reads the files of a v1 info dictionary: `files`, or `length` (BEP 3, 47).
enum FileListReader {
  /// The files, and whether it is one without a folder around it.
  static func read(
    _ info: BencodeValue
  ) throws(MetainfoError) -> (files: [FileDraft], isSingleFile: Bool) {
    guard let entry = info["files"] else {
      let attributes = attributes(info).subtracting([.pad, .symlink])
      return ([try draft(info, path: [], attributes: attributes, index: 0)], true)
    }
    guard let list = entry.list else { throw .invalid(key: "files") }
    var files: [FileDraft] = []
    for value in list {
      guard value.isDictionary else { throw .invalid(key: "files") }
      files.append(try file(value, index: files.count))
    }
    guard !files.isEmpty else { throw .noContent }
    return (files, false)
  }

  private static func file(
    _ value: BencodeValue, index: Int
  ) throws(MetainfoError) -> FileDraft {
    var attributes = attributes(value)
    let names = value["path.utf-8"] ?? value["path"]
    guard let path = names.map({ path($0, orElse: "_") }) ?? [] else {
      throw .invalidPath(file: index)
    }
    if path.isEmpty {
      // A pad may be without a path (BEP 47).
      guard attributes.contains(.pad) else { throw .invalidPath(file: index) }
      var draft = try draft(value, path: [], attributes: attributes, index: index)
      draft.path = [".pad", String(draft.length)]
      return draft
    }
    // How pads were named before there was an attribute for them.
    if path.last?.hasPrefix("_____padding_file_") == true { attributes.insert(.pad) }
    return try draft(value, path: path, attributes: attributes, index: index)
  }

  private static func draft(
    _ value: BencodeValue, path: [String], attributes: TorrentFile.Attributes, index: Int
  ) throws(MetainfoError) -> FileDraft {
    var draft = FileDraft(path: path, length: 0, attributes: attributes)
    if attributes.contains(.symlink) {
      guard let target = value["symlink path"].flatMap({ Self.path($0, orElse: nil) }) else {
        throw .invalidSymlink(file: index)
      }
      draft.symlinkTarget = target
    } else {
      draft.length = try length(value, index: index)
    }
    return draft
  }

  /// The length of a file or link.
  static func length(_ value: BencodeValue, index: Int) throws(MetainfoError) -> Int {
    guard let length = value["length"]?.integer, length >= 0, length < MetainfoLimits.totalLength
    else { throw .invalidLength(file: index) }
    return length
  }

  /// The letters of `attr`; unknown ones mean nothing.
  static func attributes(_ value: BencodeValue) -> TorrentFile.Attributes {
    var attributes: TorrentFile.Attributes = []
    for letter in value["attr"]?.bytes ?? [] {
      switch letter {
      case UInt8(ascii: "p"): attributes.insert(.pad)
      case UInt8(ascii: "x"): attributes.insert(.executable)
      case UInt8(ascii: "h"): attributes.insert(.hidden)
      case UInt8(ascii: "l"): attributes.insert(.symlink)
      default: continue
      }
    }
    return attributes
  }

  /// The cleaned elements of a path, or nil if the value is no list of strings or too long.
  ///
  /// An element of which nothing is left becomes `substitute`, or is left out without one.
  static func path(_ value: BencodeValue, orElse substitute: String?) -> [String]? {
    guard let list = value.list else { return nil }
    var path: [String] = []
    for element in list {
      guard let bytes = element.bytes, path.count < MetainfoLimits.pathDepth else { return nil }
      if let name = PathCleaner.clean(bytes) ?? substitute { path.append(name) }
    }
    return path
  }
}
