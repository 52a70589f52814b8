internal import ArgumentParser
internal import Foundation
internal import JSON
internal import Metainfo
internal import Synchronization

/// The command `btt torrent verify`.
struct TorrentVerify: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check files against their torrent.",
    discussion: """
      The exit code is 0 when everything is there and right, and 1 when not; then the pieces that \
      are wrong or missing are listed for each file.

      EXAMPLE
        btt torrent verify share.torrent --data ~/Downloads
      """)

  @Argument(help: "A torrent file, or - for standard input.", completion: .file())
  var file: String

  @Option(
    help: ArgumentHelp("The folder that holds the torrent's file or folder.", valueName: "folder"),
    completion: .directory)
  var data = "."

  @Option(help: ArgumentHelp("How many threads hash (default: one a core).", valueName: "count"))
  var threads: Int?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard threads.map({ (1...1024).contains($0) }) ?? true else {
      throw ValidationError("--threads is a number from 1 to 1024")
    }
  }

  func run() throws {
    let torrent = try TorrentArgument.file(file)
    let info = torrent.info
    let report = TorrentVerification(info, verdicts: check(torrent), data: data)
    output.print(report.json, text: report.text)
    guard report.isComplete else {
      throw CommandFailure(
        .failed, report.summary, next: "btt torrent get fetches what is missing or wrong")
    }
  }

  private func check(_ torrent: Metainfo) -> [PieceVerdict] {
    let info = torrent.info
    let paths = info.files.map { data + "/" + $0.relativePath }
    let verdicts = Mutex([PieceVerdict](repeating: .missing, count: info.layout.pieceCount))
    let checked = Atomic<Int>(0)
    let progress = HashingProgress(isShown: !output.asJSON)
    let checker = PieceChecker(
      info: info, layers: torrent.pieceLayers,
      workers: threads ?? ProcessInfo.processInfo.activeProcessorCount
    ) {
      let reader = FileReader { paths[$0] }
      return { reader.read($0, offset: $1, into: $2) }
    }
    checker.check(0..<info.layout.pieceCount) { piece, verdict in
      verdicts.withLock { $0[piece] = verdict }
      progress.update(
        done: checked.add(1, ordering: .relaxed).newValue, of: info.layout.pieceCount)
    }
    progress.end()
    return verdicts.withLock { $0 }
  }
}
