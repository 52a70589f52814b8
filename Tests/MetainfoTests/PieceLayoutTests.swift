internal import Metainfo
internal import TestSupport
internal import Testing

@Suite struct PieceLayoutTests {
  typealias Fixture = TorrentFixture

  /// A v1 torrent of files of these lengths; a negative one is a pad.
  static func info(_ lengths: [Int], pieceLength: Int) throws -> TorrentInfo {
    let files = lengths.enumerated().map { index, length in
      Fixture.file(["\(index)"], length: abs(length), length < 0 ? ["attr": "p"] : [:])
    }
    let pieces = (lengths.reduce(0) { $0 + abs($1) } + pieceLength - 1) / pieceLength
    return try Fixture.read(
      Fixture.multi(files, pieces: pieces, ["piece length": .integer(pieceLength)])
    ).info
  }

  @Test func walksPiecesOverFilesAndPads() throws {
    let info = try Self.info([5, 0, -3, 10, -2], pieceLength: 8)
    #expect(
      Array(info.layout.segments(ofPiece: 0)) == [
        PieceSegment(file: 0, fileOffset: 0, length: 5),
        PieceSegment(file: nil, fileOffset: 0, length: 3),
      ])
    #expect(
      Array(info.layout.segments(2..<8, ofPiece: 1)) == [
        PieceSegment(file: 3, fileOffset: 2, length: 6)
      ])
    #expect(
      Array(info.layout.segments(ofPiece: 2)) == [
        PieceSegment(file: 3, fileOffset: 8, length: 2),
        PieceSegment(file: nil, fileOffset: 0, length: 2),
      ])
    #expect(info.layout.dataLength(ofPiece: 2) == 2 && info.layout.length(ofPiece: 2) == 4)
    #expect(info.layout.pieces(of: info.files[1]).isEmpty)
    #expect(info.layout.pieces(of: info.files[3]) == 1..<3)
  }

  @Test func knowsPiecesThatAreAllPadding() throws {
    let info = try Self.info([8, -20, 4], pieceLength: 8)
    #expect(info.layout.dataLength(ofPiece: 1) == 0 && info.layout.blockCount(ofPiece: 1) == 0)
    #expect(info.layout.length(ofPiece: 1) == 8)
    #expect(info.layout.dataLength(ofPiece: 3) == 8)
  }

  @Test func countsBlocksOfPieces() throws {
    let info = try Self.info([100_000], pieceLength: 32_768)
    #expect((0..<4).map(info.layout.blockCount) == [2, 2, 2, 1])
    #expect(info.layout.range(ofPiece: 3) == 98_304..<100_000)
  }

  @Test func agreesWithAMapOfEveryByte() throws {
    var random = SeededGenerator()
    for _ in 0..<200 {
      var lengths = (0..<Int.random(in: 1...12, using: &random)).map { _ in
        Int.random(in: -20...30, using: &random)
      }
      lengths.append(1)
      let pieceLength = Int.random(in: 1...40, using: &random)
      let info = try Self.info(lengths, pieceLength: pieceLength)
      let map = lengths.enumerated().flatMap { index, length in
        (0..<abs(length)).map { length < 0 ? (file: -1, at: 0) : (file: index, at: $0) }
      }
      #expect(info.layout.totalLength == map.count)
      #expect(info.layout.payloadLength == map.count { $0.file >= 0 })
      for piece in 0..<info.layout.pieceCount {
        let range = info.layout.range(ofPiece: piece)
        let data = map[range].lastIndex { $0.file >= 0 }.map { $0 + 1 - range.lowerBound } ?? 0
        #expect(info.layout.dataLength(ofPiece: piece) == data, "seed \(random.seed)")
        let start = Int.random(in: 0...range.count, using: &random)
        let end = Int.random(in: start...range.count, using: &random)
        var walked: [(file: Int, at: Int)] = []
        for segment in info.layout.segments(start..<end, ofPiece: piece) {
          #expect(segment.length > 0, "seed \(random.seed)")
          for at in 0..<segment.length {
            walked.append(segment.file.map { ($0, segment.fileOffset + at) } ?? (-1, 0))
          }
        }
        let expected = map[range.lowerBound + start..<range.lowerBound + end]
        #expect(
          walked.elementsEqual(expected) { $0.file == $1.file && $0.at == $1.at },
          "seed \(random.seed)")
      }
      for (index, file) in info.files.enumerated() where !file.isPad {
        let pieces = Set(map.indices.filter { map[$0].file == index }.map { $0 / pieceLength })
        #expect(Set(info.layout.pieces(of: file)) == pieces, "seed \(random.seed)")
      }
    }
  }
}
