internal import ArgumentParser
internal import BitTorrent
internal import Foundation
internal import JSON
internal import Metainfo
internal import Speed

/// The command `btt torrent add`.
struct NodeTorrentAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Have a node get a torrent, or serve one that is there.",
    discussion: """
      The node fetches the files into --directory, a folder on its machine that its owner allows, \
      and then serves them; what is there already is looked at first. It goes on after a restart.

      EXAMPLE
        btt torrent add debian.torrent --token-file ./node/admin.token
        btt torrent add "magnet:?xt=urn:btih:…" --directory films --paused
      """)

  @Argument(help: "A torrent file, or a magnet link.", completion: .file())
  var source: String

  @Option(
    help: ArgumentHelp(
      "Folder on the node's machine; without / at its beginning, below the node's own.",
      valueName: "directory"))
  var directory: String?

  @Option(
    help: ArgumentHelp(
      "Get only these files, by their numbers as btt torrent show tells them.",
      valueName: "0,2-4"))
  var files: String?

  @Option(
    name: .customLong("peer"),
    help: ArgumentHelp("A peer to connect to; may be repeated.", valueName: "address:port"))
  var peers: [String] = []

  @Option(help: ArgumentHelp("Send at most this many KiB a second.", valueName: "KiB/s"))
  var uploadLimit = 0
  @Option(help: ArgumentHelp("Get at most this many KiB a second.", valueName: "KiB/s"))
  var downloadLimit = 0

  @Flag(help: "Only take it into the list.")
  var paused = false
  @Flag(help: "Put it before all others in the queue.")
  var top = false
  @Flag(help: "Get pieces in order.")
  var sequential = false

  @OptionGroup(title: "Paying") var buying: BuyingOptions
  @OptionGroup var node: NodeTorrentOptions

  func run() async throws {
    var from: JSONObject
    switch try TorrentArgument.source(source) {
    case .magnet: from = ["magnet": .string(source)]
    case .metainfo:
      // The file as it is: what this program has no use for may be of use to the node's.
      let bytes = try Files.read(source, limit: TorrentArgument.fileLimit)
      from = ["metainfo": .string(Data(bytes).base64EncodedString())]
    }
    var options: JSONObject = [
      "paused": .bool(paused), "top": .bool(top), "sequential": .bool(sequential),
      "upload": JSONValue(uploadLimit << 10), "download": JSONValue(downloadLimit << 10),
    ]
    options["directory"] = directory.map { .string($0) }
    options["files"] = files.map { .string($0) }
    if let terms = try buying.terms() {
      var object: JSONObject = [
        "budget": .string("\(terms.budget)"), "maxPrice": .string("\(terms.maximumPrice)"),
      ]
      object["targetRate"] = terms.targetRate.map { JSONValue($0) }
      options["buying"] = .object(object)
    }
    if !peers.isEmpty { options["peers"] = .array(peers.map { .string($0) }) }
    let reply = try await node.call("torrent_add", .object(from), .object(options))
    let name = (reply["name"]?.stringValue ?? "the torrent").printable
    node.output.print(
      reply.objectValue ?? [:], text: "added \(name): \(reply["infoHash"]?.stringValue ?? "")")
  }

  func validate() throws {
    for (option, limit) in [("upload", uploadLimit), ("download", downloadLimit)] {
      guard limit == 0 || (16...1 << 40).contains(limit) else {
        throw ValidationError("--\(option)-limit is 0, or at least 16 KiB a second")
      }
    }
  }
}
