internal import BitTorrent
internal import ChainTypes
internal import Foundation
internal import JSON
internal import Metainfo
internal import Speed

// What a torrent is added from, and how.
extension TorrentMethods {
  /// The longest torrent file that is read, in bytes.
  private static let fileLimit = 10_000_000

  /// `{metainfo: base64}`, `{magnet: link}` or `{path: file on the node's machine}`.
  static func source(
    _ object: JSONObject, _ folders: TorrentFolders
  ) throws(RPCError) -> TorrentSource {
    try object.check(["metainfo", "magnet", "path"], parameter: 0)
    let named = ["metainfo", "magnet", "path"].filter { object[$0]?.isNull == false }
    guard named.count == 1, let text = object[named[0]]?.stringValue else {
      throw .invalidParams("a torrent is added from one of metainfo (base64), magnet or path")
    }
    switch named[0] {
    case "magnet":
      do {
        return .magnet(try MagnetLink(text))
      } catch {
        throw .invalidParams("the magnet link cannot be used: \(error)")
      }
    case "path": return .metainfo(try metainfo(read(text, folders)))
    default:
      // The length is bounded before anything is made of it.
      guard text.utf8.count <= (fileLimit + 2) / 3 * 4 else {
        throw .limitExceeded("a torrent file has at most \(fileLimit) bytes")
      }
      guard let data = Data(base64Encoded: text) else {
        throw .invalidParams("metainfo is not base64")
      }
      return .metainfo(try metainfo([UInt8](data)))
    }
  }

  private static func metainfo(_ bytes: [UInt8]) throws(RPCError) -> Metainfo {
    do {
      return try Metainfo(bytes: bytes)
    } catch {
      throw .invalidParams("this is no torrent that can be used: \(error)")
    }
  }

  private static func read(_ path: String, _ folders: TorrentFolders) throws(RPCError) -> [UInt8] {
    guard let place = folders.place(of: path) else { throw folders.refusal(of: path) }
    do throws(NodeError) {
      guard let bytes = try DataDirectory.read(place, limit: fileLimit) else {
        throw NodeError(.file, "there is no file \(path)")
      }
      return bytes
    } catch {
      throw .server(error.message)
    }
  }

  /// How a torrent is wanted.
  struct Wanted {
    var options: TorrentOptions
    var isPaused = false
    var move: QueueMove?
    var buying: BuyingTerms?
  }

  /// `{directory?, paused?, top?, files?, priorities?, sequential?, preallocate?, peers?,
  /// trackers?, upload?, download?, buying?}`.
  static func wanted(
    _ object: JSONObject, _ folders: TorrentFolders
  ) throws(RPCError) -> Wanted {
    try object.check(
      [
        "directory", "paused", "top", "files", "priorities", "sequential", "preallocate", "peers",
        "trackers", "upload", "download", "buying",
      ], parameter: 1)
    var buying: BuyingTerms?
    if let terms = object["buying"], !terms.isNull {
      guard let read = BuyingTerms(json: terms) else { throw .invalidParams(termsWanted) }
      buying = read
    }
    do throws(RPCValueError) {
      let directory = try object.optional("directory", .string)
      guard let place = folders.place(of: directory ?? folders.standard) else {
        throw .wrongType(expected: "a directory in a folder that torrents.roots allows")
      }
      var wanted = Wanted(options: TorrentOptions(directory: place))
      wanted.buying = buying
      wanted.isPaused = try object.optional("paused", .bool) ?? false
      if try object.optional("top", .bool) == true { wanted.move = .top }
      wanted.options.selection = try object.optional("files", .selection)
      wanted.options.priorities = try object.optional("priorities", .priorities) ?? []
      wanted.options.isSequential = try object.optional("sequential", .bool) ?? false
      wanted.options.preallocates = try object.optional("preallocate", .bool) ?? false
      wanted.options.peers = try object.optional("peers", .peers) ?? []
      wanted.options.usesTrackers = try object.optional("trackers", .bool) ?? true
      wanted.options.uploadLimit = try object.optional("upload", .rate) ?? nil
      wanted.options.downloadLimit = try object.optional("download", .rate) ?? nil
      return wanted
    } catch {
      throw .invalidArgument(1, error)
    }
  }
}

extension TorrentFolders {
  /// Why a path is not taken; it tells nothing of what is there.
  func refusal(of path: String) -> RPCError {
    .invalidParams(
      "\(path.prefix(200)) is in none of the folders for torrents: choose one below \(standard), "
        + "or have the node's owner add a folder to torrents.roots")
  }
}

// MARK: - Values

extension JSONObject {
  /// Refuses members that mean nothing: a misspelt wish must not be passed over in silence.
  func check(_ known: Set<String>, parameter: Int) throws(RPCError) {
    for name in members.map(\.key) where !known.contains(name) {
      throw .invalidParams(
        "invalid argument \(parameter): there is no member \(name.prefix(100)); known are "
          + known.sorted().joined(separator: ", "))
    }
  }

  /// Rate limits, those that are not named as they were.
  func rateLimits(
    from now: TorrentRateLimits, alone: Bool = false
  ) throws(RPCError) -> TorrentRateLimits {
    if alone { try check(["upload", "download"], parameter: 1) }
    var limits = now
    do throws(RPCValueError) {
      if let value = self["upload"] { limits.upload = try RPCValueDecoder.rate.decode(value) }
      if let value = self["download"] { limits.download = try RPCValueDecoder.rate.decode(value) }
    } catch {
      throw .invalidArgument(1, error)
    }
    return limits
  }

  /// A session's limits, those that are not named as they were.
  func sessionLimits(from now: SessionLimits) throws(RPCError) -> SessionLimits {
    try check(
      ["upload", "download", "activeDownloads", "activeSeeds", "activeTorrents"], parameter: 1)
    var limits = now
    limits.rates = try rateLimits(from: now.rates)
    do throws(RPCValueError) {
      let count = RPCValueDecoder<Int>.number(0...1_000_000)
      if let value = self["activeDownloads"] {
        let number = try count.decode(value)
        limits.activeDownloads = number == 0 ? nil : number
      }
      if let value = self["activeSeeds"] {
        let number = try count.decode(value)
        limits.activeSeeds = number == 0 ? nil : number
      }
      if let value = self["activeTorrents"] { limits.activeTorrents = try count.decode(value) }
    } catch {
      throw .invalidArgument(1, error)
    }
    return limits
  }
}

extension RPCValueDecoder<Int> {
  /// A number as JSON has it, within bounds.
  static func number(_ bounds: ClosedRange<Int>) -> Self {
    Self { value throws(RPCValueError) in
      guard let number = value.intValue, bounds.contains(number) else {
        throw .wrongType(
          expected: "a whole number from \(bounds.lowerBound) to \(bounds.upperBound)")
      }
      return number
    }
  }
}

extension RPCValueDecoder<Int?> {
  /// Bytes a second; 0 or null for no limit.
  static var rate: Self {
    Self { value throws(RPCValueError) in
      if value.isNull { return nil }
      let rate = try RPCValueDecoder<Int>.number(0...1 << 50).decode(value)
      guard rate == 0 || rate >= 16_384 else {
        throw .wrongType(expected: "0, or at least 16384 bytes a second")
      }
      return rate == 0 ? nil : rate
    }
  }
}

extension RPCValueDecoder<SHA1Hash> {
  /// A v1 infohash in hex, or a v2 one whole or cut to 40 digits.
  static var infoHash: Self {
    Self { value throws(RPCValueError) in
      guard let text = value.stringValue, text.utf8.count == 40 || text.utf8.count == 64,
        let hash = try? SHA1Hash(hex: text.prefix(40))
      else { throw .wrongType(expected: "an infohash of 40 or 64 hex digits") }
      return hash
    }
  }
}

extension RPCValueDecoder<FileSelection> {
  /// Numbers of files, as `0,2-4`.
  static var selection: Self {
    Self { value throws(RPCValueError) in
      guard let selection = value.stringValue.flatMap({ FileSelection($0) }) else {
        throw .wrongType(expected: "numbers of files such as \"0,2-4\"")
      }
      return selection
    }
  }
}

extension RPCValueDecoder<[TorrentOptions.FilePriority]> {
  /// `{"0,2-4": 7}`.
  static var priorities: Self {
    Self { value throws(RPCValueError) in
      guard let object = value.objectValue else { throw .wrongType(expected: "an object") }
      var priorities: [TorrentOptions.FilePriority] = []
      for (name, value) in object.members.map({ ($0.key, $0.value) }) {
        guard let files = FileSelection(name) else {
          throw .member(name, .wrongType(expected: "numbers of files such as 0,2-4 as name"))
        }
        do throws(RPCValueError) {
          let priority = try RPCValueDecoder<Int>.number(0...7).decode(value)
          priorities.append(.init(files, UInt8(clamping: priority)))
        } catch {
          throw .member(name, error)
        }
      }
      return priorities
    }
  }
}

extension RPCValueDecoder<[PeerAddress]> {
  /// Addresses with ports; names are not looked up.
  static var peers: Self {
    Self { value throws(RPCValueError) in
      let texts = try RPCValueDecoder<[String]>.array(.string).decode(value)
      guard texts.count <= 1_000 else { throw .wrongType(expected: "at most 1000 addresses") }
      return try texts.enumerated().map { index, text throws(RPCValueError) in
        guard let address = PeerAddress(text), address.isDialable else {
          throw .element(index, .wrongType(expected: "a numeric address with a port"))
        }
        return address
      }
    }
  }
}

extension RPCValueDecoder<QueueMove> {
  /// `top`, `up`, `down` or `bottom`.
  static var queueMove: Self {
    Self { value throws(RPCValueError) in
      guard let move = value.stringValue.flatMap({ QueueMove(rawValue: $0) }) else {
        throw .wrongType(expected: "top, up, down or bottom")
      }
      return move
    }
  }
}
