/// Turns names that strangers chose into names that are safe to give to a file system.
///
/// The results are those of libtorrent, so that folders that either filled are found by the other.
enum PathCleaner {
  /// The longest name in bytes of UTF-8; most file systems allow 255, and programs add suffixes.
  static let nameLimit = 240

  /// The name without separators and invisible characters, with `_` for control characters and
  /// invalid UTF-8, cut to ``nameLimit``; nil if nothing is left, or only `.` or `..`.
  static func clean(_ bytes: some Sequence<UInt8>) -> String? {
    var scalars = String.UnicodeScalarView()
    var decoder = LenientUTF8(bytes)
    while let scalar = decoder.next() {
      if isDropped(scalar) { continue }
      scalars.append(isReplaced(scalar) ? "_" : scalar)
    }
    let name = String(scalars)
    if name.isEmpty || name == "." || name == ".." { return nil }
    return name.utf8.count <= nameLimit ? name : cut(name)
  }

  /// The name as ``clean(_:)`` has it, or `_` where that leaves none.
  static func element(_ bytes: some Sequence<UInt8>) -> String { clean(bytes) ?? "_" }

  /// The name with `.number` put before its extension, cut to ``nameLimit``.
  static func numbered(_ name: String, _ number: Int) -> String {
    let (stem, suffix) = split(name)
    return cut(stem, suffix: ".\(number)\(suffix)")
  }

  // Separators, and what hides or turns around the text next to it: directional marks, embeddings
  // and isolates, zero-width characters, the byte order mark.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x2F, 0x5C, 0x61C, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2069, 0xFEFF: true
    default: false
    }
  }

  private static func isReplaced(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  private static func cut(_ name: String) -> String {
    let (stem, suffix) = split(name)
    return cut(stem, suffix: suffix)
  }

  private static func cut(_ stem: String, suffix: String) -> String {
    var scalars = stem.unicodeScalars
    var count = stem.utf8.count
    while count + suffix.utf8.count > nameLimit, let last = scalars.popLast() {
      count -= UTF8.width(last)
    }
    return String(scalars) + suffix
  }

  // What looks like an extension but is longer than one is part of the name.
  private static func split(_ name: String) -> (stem: String, suffix: String) {
    let scalars = name.unicodeScalars
    guard let dot = scalars.lastIndex(of: "."), name[dot...].utf8.count <= 16 else {
      return (name, "")
    }
    return (String(name[..<dot]), String(name[dot...]))
  }
}

/// Reads scalars from UTF-8; a sequence that is not valid, or is cut short, gives one `_`.
private struct LenientUTF8<Bytes: Sequence<UInt8>> {
  private var bytes: Bytes.Iterator
  private var pending: UInt8?

  init(_ bytes: Bytes) { self.bytes = bytes.makeIterator() }

  mutating func next() -> Unicode.Scalar? {
    guard let first = pending ?? bytes.next() else { return nil }
    pending = nil
    let (count, least): (Int, UInt32)
    switch first {
    case 0..<0x80: return Unicode.Scalar(first)
    case 0xC0..<0xE0: (count, least) = (1, 0x80)
    case 0xE0..<0xF0: (count, least) = (2, 0x800)
    case 0xF0..<0xF8: (count, least) = (3, 0x10000)
    default: return "_"
    }
    var value = UInt32(first) & (0x3F >> UInt32(count))
    for _ in 0..<count {
      guard let byte = bytes.next() else { return "_" }
      guard byte & 0xC0 == 0x80 else {
        pending = byte
        return "_"
      }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    guard value >= least, let scalar = Unicode.Scalar(value) else { return "_" }
    return scalar
  }
}
