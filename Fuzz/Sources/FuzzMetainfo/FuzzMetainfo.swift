import Metainfo

/// A torrent that is read is valid: its paths stay in the folder, its pieces cover its files, and
/// what is written of it is read back as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let info = try? TorrentInfo(rawBytes: bytes) { check(info) }
  guard let torrent = try? Metainfo(bytes: bytes) else { return 0 }
  check(torrent.info)
  guard let again = try? Metainfo(bytes: torrent.encoded) else {
    preconditionFailure("cannot read what was written")
  }
  precondition(again.info.hashes == torrent.info.hashes, "another infohash")
  precondition(again.pieceLayers == torrent.pieceLayers, "other layers")
  precondition(again.encoded == torrent.encoded, "encodes differently")
  _ = MagnetLink(torrent).description
  return 0
}

private func check(_ info: TorrentInfo) {
  var paths: Set<String> = []
  for file in info.files {
    for element in file.path + (file.symlinkTarget ?? []) {
      precondition(element != "" && element != "." && element != "..", "unsafe element")
      precondition(!element.utf8.contains { $0 == 0x2F || $0 == 0x5C || $0 < 0x20 }, "separator")
      precondition(element.utf8.count <= 240, "long element")
    }
    precondition(file.path.first == info.name, "outside of the folder")
    if !file.isPad {
      precondition(paths.insert(file.relativePath.lowercased()).inserted, "a path twice")
    }
  }

  let layout = info.layout
  precondition(layout.payloadLength > 0 && layout.pieceCount > 0, "empty")
  if info.hasV1 { precondition(info.pieceHash(layout.pieceCount - 1) != nil, "no hash") }
  for piece in [0, layout.pieceCount / 2, layout.pieceCount - 1] {
    let length = layout.length(ofPiece: piece)
    let data = layout.dataLength(ofPiece: piece)
    precondition((1...layout.pieceLength).contains(length) && (0...length).contains(data), "length")
    var total = 0
    var end = 0
    for segment in layout.segments(ofPiece: piece) {
      precondition(segment.length > 0, "empty segment")
      total += segment.length
      guard let index = segment.file else { continue }
      end = total
      let file = info.files[index]
      precondition(segment.fileOffset + segment.length <= file.length, "past the end")
      precondition(layout.pieces(of: file).contains(piece), "not the file's piece")
    }
    precondition(total == length && end == data, "segments do not cover the piece")
    _ = info.expectation(ofPiece: piece, layers: PieceLayers())
  }
}
