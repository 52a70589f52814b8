internal import ArgumentParser
internal import Foundation
internal import JSON
internal import Metainfo
internal import Primitives

/// The command `btt torrent show`.
struct TorrentShow: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Show what is in a torrent file.",
    discussion: """
      Files are shown with the numbers by which they can be chosen.

      EXAMPLE
        btt torrent show share.torrent
        btt torrent show share.torrent --json
      """)

  @Argument(help: "A torrent file, or - for standard input.", completion: .file())
  var file: String

  @OptionGroup var output: OutputOptions

  func run() throws {
    let torrent = try TorrentArgument.file(file)
    output.print(json(torrent), text: text(torrent))
  }

  private func text(_ torrent: Metainfo) -> String {
    var rows = torrent.summary
    if torrent.info.isPrivate { rows.append(("private", "yes")) }
    for (tier, urls) in torrent.trackers.enumerated() {
      rows += urls.map { ("tracker \(tier + 1)", $0.printable) }
    }
    rows += torrent.webSeeds.map { ("web seed", $0.printable) }
    if let comment = torrent.comment { rows.append(("comment", comment.printable)) }
    if let program = torrent.createdBy { rows.append(("created by", program.printable)) }
    if let date = torrent.creationDate {
      let date = Date(timeIntervalSince1970: Double(date))
      rows.append(("created", date.formatted(.iso8601)))
    }
    let files = numbered(torrent.info).map { number, file in
      let target = file.symlinkTarget.map { " -> " + $0.joined(separator: "/") } ?? ""
      return ("\(number)", "\(file.relativePath)\(target)  \(file.length)")
    }
    return Output.table(rows) + "\n\n" + Output.table(files)
  }

  private func json(_ torrent: Metainfo) -> JSONObject {
    var json = torrent.json
    json["trackers"] = .array(torrent.trackers.map { .array($0.map { .string($0) }) })
    json["webSeeds"] = .array(torrent.webSeeds.map { .string($0) })
    json["comment"] = torrent.comment.map { .string($0) }
    json["createdBy"] = torrent.createdBy.map { .string($0) }
    json["creationDate"] = torrent.creationDate.map { JSONValue($0) }
    json["files"] = .array(
      numbered(torrent.info).map { number, file in
        var entry: JSONObject = [
          "number": JSONValue(number), "path": .string(file.relativePath),
          "length": JSONValue(file.length),
        ]
        entry["piecesRoot"] = file.piecesRoot.map { .string($0.plainHex) }
        entry["symlink"] = file.symlinkTarget.map { .string($0.joined(separator: "/")) }
        return .object(entry)
      })
    return json
  }

  /// The files that hold something, with the numbers that choose them.
  private func numbered(_ info: TorrentInfo) -> [(Int, TorrentFile)] {
    info.numberedFiles.enumerated().map { ($0, info.files[$1]) }.filter { !$1.isPad }
  }
}
