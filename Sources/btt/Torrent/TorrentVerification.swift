internal import Foundation
internal import JSON
internal import Metainfo

/// What checking a torrent's files has found, file by file.
struct TorrentVerification {
  /// A file that is not as it should be.
  struct File {
    var path: String
    var missing: [Int] = []
    var invalid: [Int] = []
    var unverifiable: [Int] = []
    /// A file or link that has no bytes, and is not there.
    var isAbsent = false

    var isRight: Bool { missing.isEmpty && invalid.isEmpty && unverifiable.isEmpty && !isAbsent }
  }

  private let pieceCount: Int
  private let validCount: Int
  private let bad: [File]

  init(_ info: TorrentInfo, verdicts: [PieceVerdict], data: String) {
    pieceCount = verdicts.count
    validCount = verdicts.count { $0 == .valid }
    bad = info.files.filter { !$0.isPad }.compactMap { file in
      var result = File(path: file.relativePath)
      for piece in info.layout.pieces(of: file) {
        switch verdicts[piece] {
        case .valid: continue
        case .missing: result.missing.append(piece)
        case .invalid: result.invalid.append(piece)
        case .unverifiable: result.unverifiable.append(piece)
        }
      }
      // A link whose target is not in the torrent is not to be there.
      if file.length == 0, !file.attributes.contains(.symlink) || file.symlinkTarget != nil {
        result.isAbsent = !FileManager.default.fileExists(atPath: data + "/" + file.relativePath)
      }
      return result.isRight ? nil : result
    }
  }

  var isComplete: Bool { bad.isEmpty && validCount == pieceCount }

  var summary: String {
    let wrong = pieceCount - validCount
    return wrong == 0
      ? "\(bad.count) empty files or links are not there"
      : "\(wrong) of \(pieceCount) pieces are missing or wrong"
  }

  var text: String {
    if isComplete { return "all \(pieceCount) pieces are right" }
    return bad.flatMap { file -> [String] in
      var lines: [String] = []
      if file.isAbsent { lines.append("\(file.path): not there") }
      for (word, pieces) in [
        ("missing", file.missing), ("wrong", file.invalid), ("unknown", file.unverifiable),
      ] where !pieces.isEmpty {
        lines.append("\(file.path): \(word) \(Self.ranges(pieces))")
      }
      return lines
    }.joined(separator: "\n")
  }

  var json: JSONObject {
    [
      "complete": .bool(isComplete), "pieces": JSONValue(pieceCount),
      "valid": JSONValue(validCount),
      "files": .array(
        bad.map { file in
          [
            "path": .string(file.path), "absent": .bool(file.isAbsent),
            "missing": .array(file.missing.map { JSONValue($0) }),
            "invalid": .array(file.invalid.map { JSONValue($0) }),
            "unverifiable": .array(file.unverifiable.map { JSONValue($0) }),
          ]
        }),
    ]
  }

  /// Rising numbers as `1, 3-7`.
  private static func ranges(_ pieces: [Int]) -> String {
    FileSelection(pieces.map { $0...$0 }).description.replacing(",", with: ", ")
  }
}
