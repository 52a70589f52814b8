internal import Metainfo

/// Torrents in the making: the least that is valid, and changes to it.
enum TorrentFixture {
  static let pieceLength = 16_384
  /// Stands for a root that nobody computes.
  static let root = BencodeItem.bytes([UInt8](repeating: 0x72, count: 32))

  static func hashes(_ count: Int) -> BencodeItem {
    .bytes([UInt8](repeating: 0x61, count: 20 * count))
  }

  /// An info dictionary of one v1 file of 10 bytes; an entry of nil is taken out.
  static func single(_ changes: KeyValuePairs<String, BencodeItem?> = [:]) -> BencodeItem {
    dictionary(
      [
        "name": "temp", "length": 10, "piece length": .integer(pieceLength), "pieces": hashes(1),
      ], changes)
  }

  /// An info dictionary of several v1 files.
  static func multi(
    _ files: [BencodeItem], pieces: Int = 1, _ changes: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> BencodeItem {
    dictionary(
      [
        "name": "temp", "files": .list(files), "piece length": .integer(pieceLength),
        "pieces": hashes(pieces),
      ], changes)
  }

  /// An entry of `files`.
  static func file(
    _ path: [String], length: Int = 1, _ changes: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> BencodeItem {
    dictionary(
      ["length": .integer(length), "path": .list(path.map { .string($0) })], changes)
  }

  /// An info dictionary of v2.
  static func v2(
    _ tree: BencodeItem, _ changes: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> BencodeItem {
    dictionary(
      [
        "name": "temp", "meta version": 2, "piece length": .integer(pieceLength),
        "file tree": tree,
      ], changes)
  }

  /// What stands under a file's name in a file tree.
  static func leaf(
    _ length: Int, _ changes: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> BencodeItem {
    let plain: KeyValuePairs<String, BencodeItem?> =
      length > 0
      ? ["length": .integer(length), "pieces root": root] : ["length": .integer(length)]
    return ["": dictionary(plain, changes)]
  }

  /// An info dictionary of both formats.
  static func hybrid(
    _ files: [BencodeItem], _ tree: BencodeItem, pieces: Int,
    _ changes: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> BencodeItem {
    dictionary(
      [
        "name": "temp", "meta version": 2, "piece length": .integer(pieceLength),
        "file tree": tree, "files": .list(files), "pieces": hashes(pieces),
      ], changes)
  }

  /// A torrent file of an info dictionary and what is around it.
  static func torrent(
    _ info: BencodeItem, _ around: KeyValuePairs<String, BencodeItem?> = [:]
  ) -> [UInt8] {
    dictionary(["info": info], around).encoded
  }

  /// The torrent of an info dictionary.
  static func read(
    _ info: BencodeItem, _ around: KeyValuePairs<String, BencodeItem?> = [:]
  ) throws(MetainfoError) -> Metainfo {
    try Metainfo(bytes: torrent(info, around))
  }

  static func dictionary(
    _ plain: KeyValuePairs<String, BencodeItem?>,
    _ changes: KeyValuePairs<String, BencodeItem?>
  ) -> BencodeItem {
    var entries: [String: BencodeItem] = [:]
    for (key, value) in plain { entries[key] = value }
    for (key, value) in changes { entries[key] = value }
    return .dictionary(entries.map { .init($0, $1) })
  }

  /// Bytes that every language can make again: xorshift64* from `seed`, little-endian.
  static func payload(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count {
      state ^= state >> 12
      state ^= state << 25
      state ^= state >> 27
      let word = state &* 0x2545_F491_4F6C_DD1D
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return Array(bytes.prefix(count))
  }
}
