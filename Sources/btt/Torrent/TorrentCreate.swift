internal import ArgumentParser
internal import Foundation
internal import JSON
internal import Metainfo
internal import Synchronization

/// The command `btt torrent create`.
struct TorrentCreate: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Make a torrent of a file or folder.",
    discussion: """
      The torrent is a hybrid, which every program can read, unless --format says otherwise.

      EXAMPLE
        btt torrent create ./share --tracker https://tracker.example/announce
        btt torrent create film.mkv --format v2 --piece-length 1048576 --output film.torrent
      """)

  @Argument(help: "A file or folder.", completion: .file())
  var path: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Where to write it (default: its name with .torrent).", valueName: "file"),
    completion: .file())
  var output: String?

  @Option(help: ArgumentHelp("v1, v2 or hybrid.", valueName: "format"))
  var format = Format.hybrid

  @Option(
    help: ArgumentHelp(
      "Bytes in a piece, a power of two from 16384 (default: by the size).", valueName: "bytes"))
  var pieceLength: Int?

  @Option(
    name: .customLong("tracker"),
    help: ArgumentHelp(
      "A tracker; may be repeated, those named first are asked first.", valueName: "URL"))
  var trackers: [String] = []

  @Option(
    name: .customLong("web-seed"),
    help: ArgumentHelp("An HTTP server that has the files; may be repeated.", valueName: "URL"))
  var webSeeds: [String] = []

  @Flag(name: .customLong("private"), help: "Let peers come from the trackers only.")
  var isPrivate = false

  @Option(help: ArgumentHelp("A name other than that of the file or folder.", valueName: "text"))
  var name: String?

  @Option(help: ArgumentHelp("A comment for people.", valueName: "text"))
  var comment: String?

  @Option(
    help: ArgumentHelp(
      "A mark that gives the torrent another infohash, as some trackers demand.", valueName: "text")
  )
  var source: String?

  @Flag(help: "Leave the date out, so that equal files give equal torrents.")
  var noDate = false

  @Option(help: ArgumentHelp("How many threads hash (default: one a core).", valueName: "count"))
  var threads: Int?

  @Flag(help: "Write over a torrent file that is there.")
  var force = false

  @OptionGroup var result: OutputOptions

  enum Format: String, ExpressibleByArgument, CaseIterable {
    case v1
    case v2
    case hybrid

    var version: TorrentInfo.Version {
      switch self {
      case .v1: .v1
      case .v2: .v2
      case .hybrid: .hybrid
      }
    }
  }

  func validate() throws {
    guard threads.map({ (1...1024).contains($0) }) ?? true else {
      throw ValidationError("--threads is a number from 1 to 1024")
    }
  }

  func run() throws {
    var creator = TorrentCreator()
    creator.version = format.version
    creator.pieceLength = pieceLength
    creator.name = name
    creator.isPrivate = isPrivate
    creator.source = source
    creator.trackers = trackers.map { [$0] }
    creator.webSeeds = webSeeds
    creator.comment = comment
    creator.createdBy = "btt/\(BTT.configuration.version)"
    creator.creationDate = noDate ? nil : Int(Date().timeIntervalSince1970)
    creator.workers = threads ?? ProcessInfo.processInfo.activeProcessorCount

    let progress = HashingProgress(isShown: !result.asJSON)
    let torrent: Metainfo
    do {
      // A path that ends in a dot has no name of its own.
      torrent = try creator.create(
        from: URL(fileURLWithPath: path).standardizedFileURL.path, progress: progress.update)
    } catch {
      progress.end()
      throw CommandFailure(.invalidInput, error.description)
    }
    progress.end()
    let file = output ?? torrent.info.name + ".torrent"
    try write(torrent.encoded, to: file)
    var json = torrent.json
    json["file"] = .string(file)
    result.print(json, text: Output.table([("file", file)] + torrent.summary))
  }

  private func write(_ bytes: [UInt8], to file: String) throws {
    do {
      try Data(bytes).write(
        to: URL(fileURLWithPath: file), options: force ? .atomic : .withoutOverwriting)
    } catch CocoaError.fileWriteFileExists {
      throw CommandFailure(
        .file, "\(file) is there already", next: "name another by --output, or use --force")
    } catch {
      throw CommandFailure(
        .file, "cannot write \(file): \(error.localizedDescription)",
        next: "check the path, and who may write there")
    }
  }
}
