internal import BitTorrent
internal import Foundation
internal import Metainfo
internal import NIOCore
internal import TestSupport
internal import Testing

/// A torrent whose files lie in a folder of their own, for making and for comparing with.
final class DiskTorrent: Sendable {
  let metainfo: Metainfo
  let directory: TemporaryDirectory
  let contents: [[UInt8]]

  var info: TorrentInfo { metainfo.info }
  var layout: PieceLayout { metainfo.info.layout }

  /// A torrent of a folder `t` with files of those lengths, or of one file when `path` is empty.
  init(
    _ version: TorrentInfo.Version, pieceLength: Int, _ files: KeyValuePairs<String, Int>,
    seed: UInt64 = 1
  ) throws {
    directory = try TemporaryDirectory()
    var generator = SeededGenerator(seed: seed)
    let root = directory.url.appending(path: "t")
    for (path, length) in files {
      let url = path.isEmpty ? root : root.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(generator.block(length)).write(to: url)
    }
    var creator = TorrentCreator()
    creator.version = version
    creator.pieceLength = pieceLength
    metainfo = try creator.create(from: root.path)
    contents = try Self.contents(metainfo, directory)
  }

  /// Another torrent of the same files.
  init(_ metainfo: Metainfo, of other: DiskTorrent) throws {
    self.metainfo = metainfo
    directory = other.directory
    contents = try Self.contents(metainfo, directory)
  }

  private static func contents(
    _ metainfo: Metainfo, _ directory: TemporaryDirectory
  ) throws -> [[UInt8]] {
    try metainfo.info.files.map { file in
      file.isPad || file.symlinkTarget != nil
        ? [UInt8](repeating: 0, count: file.length)
        : [UInt8](try Data(contentsOf: URL(filePath: directory.path(file.relativePath))))
    }
  }

  /// A hybrid whose two sides disagree: its v1 hashes are those of another torrent of that size.
  func metainfo(withPiecesOf other: DiskTorrent) throws -> Metainfo {
    let length = layout.pieceCount * 20
    let mark = [UInt8]("6:pieces\(length):".utf8)
    let theirs = try #require(other.info.rawBytes.firstRange(of: mark)).upperBound
    var bytes = info.rawBytes
    let ours = try #require(bytes.firstRange(of: mark)).upperBound
    bytes.replaceSubrange(
      ours..<ours + length, with: other.info.rawBytes[theirs..<theirs + length])
    return try Metainfo(info: TorrentInfo(rawBytes: bytes), pieceLayers: metainfo.pieceLayers)
  }

  /// The bytes of a range of a piece.
  func bytes(_ range: Range<Int>, ofPiece piece: Int) -> [UInt8] {
    layout.segments(range, ofPiece: piece).flatMap { segment -> [UInt8] in
      guard let file = segment.file else { return [UInt8](repeating: 0, count: segment.length) }
      return Array(contents[file][segment.fileOffset..<segment.fileOffset + segment.length])
    }
  }

  /// The requests that fetch a piece.
  func requests(_ piece: Int) -> [BlockRequest] {
    let length = layout.dataLength(ofPiece: piece)
    return stride(from: 0, to: length, by: BlockRequest.blockLength).map {
      BlockRequest(piece: piece, offset: $0, length: min(BlockRequest.blockLength, length - $0))
    }
  }

  /// A block as an honest peer sends it.
  func block(_ request: BlockRequest) -> ReceivedBlock {
    let range = request.offset..<request.offset + request.length
    return ReceivedBlock(request, ByteBuffer(bytes: bytes(range, ofPiece: request.piece)))
  }

  func blocks(_ pieces: some Sequence<Int>) -> [ReceivedBlock] {
    pieces.flatMap { requests($0).map(block) }
  }

  /// Whether the folder holds every file, byte for byte.
  func isWhole(in folder: String, except unwanted: Set<Int> = []) throws -> Bool {
    try info.files.indices.allSatisfy { index in
      let file = info.files[index]
      guard !file.isPad, file.symlinkTarget == nil, !unwanted.contains(index) else { return true }
      let url = URL(filePath: "\(folder)/\(file.relativePath)")
      return try [UInt8](Data(contentsOf: url)) == contents[index]
    }
  }
}

extension SeededGenerator {
  /// Random bytes, eight at a time.
  mutating func block(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + 8)
    while bytes.count < count { withUnsafeBytes(of: next()) { bytes.append(contentsOf: $0) } }
    return Array(bytes.prefix(count))
  }
}
