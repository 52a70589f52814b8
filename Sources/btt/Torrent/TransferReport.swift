internal import BitTorrent
internal import Foundation
internal import JSON
internal import Speed

/// Tells how a transfer goes: a bar on a terminal, lines elsewhere, or JSON events.
///
/// In plain output exactly one line begins with `complete`.
struct TransferReport {
  private let asJSON: Bool
  private let hasBar: Bool
  private let began = ContinuousClock.now
  private var lastLine = ContinuousClock.now - .seconds(3600)
  private var lastPhase = ""
  private var isComplete = false
  private var barLength = 0
  private var trade = TradeReport()

  /// Seconds between lines about the same phase.
  private static let lineInterval = Duration.seconds(5)

  init(asJSON: Bool) {
    self.asJSON = asJSON
    hasBar = !asJSON && isatty(STDOUT_FILENO) == 1
  }

  /// Tells where peers are listened for, once it is so.
  mutating func listening(on address: PeerAddress) {
    line(
      "listening for peers on \(address)", ["event": "listening", "address": .string("\(address)")])
  }

  /// Tells what changed, and how the trade goes.
  mutating func show(_ status: TorrentStatus, _ trade: SpeedStatistics? = nil) {
    if let trade { self.trade.note(trade) }
    if case .seeding = status.phase { return complete(status) }
    let name = Self.name(of: status.phase)
    let isNew = name != lastPhase
    lastPhase = name
    if hasBar { return drawBar(status, name) }
    guard isNew || ContinuousClock.now - lastLine >= (asJSON ? .seconds(1) : Self.lineInterval)
    else { return }
    line(summary(status), event(name, status))
  }

  private mutating func complete(_ status: TorrentStatus) {
    guard !isComplete else {
      if hasBar {
        drawBar(status, "seeding")
      } else if trade.now != nil, ContinuousClock.now - lastLine >= Self.lineInterval {
        line(summary(status), event("seeding", status))
      }
      return
    }
    isComplete = true
    let seconds = Self.seconds(ContinuousClock.now - began)
    let name = status.name ?? "the torrent"
    line(
      "complete: \(name), \(Self.size(status.transfer.bytesDone)) in "
        + String(format: "%.1f s", seconds) + trade.text,
      event("complete", status))
  }

  // MARK: - Texts

  private static func name(of phase: TorrentStatus.Phase) -> String {
    switch phase {
    case .checking: "checking"
    case .metadata: "metadata"
    case .downloading: "downloading"
    case .seeding: "seeding"
    case .stalled: "stalled"
    case .failed: "failed"
    case .paused: "paused"
    case .queued: "queued"
    case .stopped: "stopped"
    }
  }

  static func summary(of status: TorrentStatus) -> String {
    let name = name(of: status.phase)
    let transfer = status.transfer
    switch status.phase {
    case .checking:
      guard let checked = status.checked, checked.of > 0 else { return "checking files" }
      return "checking \(checked.done) of \(checked.of) pieces"
    case .metadata:
      return "asking for the torrent's metadata, \(transfer.connections) peers"
    case .stalled(let error), .failed(let error): return "\(name): \(error.message)"
    case .downloading, .seeding:
      let left = status.secondsLeft.map { ", \(time($0)) left" } ?? ""
      return "\(name) \(percent(transfer)) of \(size(transfer.bytesWanted)), "
        + "\(transfer.piecesDone)/\(transfer.pieceCount) pieces, \(transfer.connections) peers, "
        + "\(size(transfer.downloadRate))/s down, \(size(transfer.uploadRate))/s up\(left)"
    case .paused, .queued, .stopped: return name
    }
  }

  private func summary(_ status: TorrentStatus) -> String {
    Self.summary(of: status) + trade.text
  }

  private func event(_ name: String, _ status: TorrentStatus) -> JSONObject {
    var event = Self.event(name, status)
    event["trade"] = trade.json.map { .object($0) }
    return event
  }

  private static func event(_ name: String, _ status: TorrentStatus) -> JSONObject {
    let transfer = status.transfer
    var event: JSONObject = ["event": .string(name)]
    event["name"] = status.name.map { .string($0) }
    if let checked = status.checked {
      event["checked"] = JSONValue(checked.done)
      event["toCheck"] = JSONValue(checked.of)
    }
    event["pieces"] = JSONValue(transfer.pieceCount)
    event["piecesDone"] = JSONValue(transfer.piecesDone)
    event["hashedAtStart"] = JSONValue(status.piecesHashedAtStart)
    event["bytesWanted"] = JSONValue(Int(transfer.bytesWanted))
    event["bytesDone"] = JSONValue(Int(transfer.bytesDone))
    event["downloaded"] = JSONValue(Int(transfer.downloaded))
    event["uploaded"] = JSONValue(Int(transfer.uploaded))
    event["wasted"] = JSONValue(Int(transfer.wasted))
    event["downloadRate"] = JSONValue(Int(transfer.downloadRate))
    event["uploadRate"] = JSONValue(Int(transfer.uploadRate))
    event["peers"] = JSONValue(transfer.connections)
    event["secondsLeft"] = status.secondsLeft.map { JSONValue(Int($0)) }
    if case .stalled(let error) = status.phase { event["reason"] = .string(error.message) }
    if case .failed(let error) = status.phase { event["reason"] = .string(error.message) }
    return event
  }

  private static func percent(_ transfer: TorrentStatistics) -> String {
    guard transfer.bytesWanted > 0 else { return "100 %" }
    // Never 100 before it is all.
    let tenths = transfer.bytesDone * 1_000 / transfer.bytesWanted
    return "\(tenths / 10).\(tenths % 10) %"
  }

  /// A number of bytes, in powers of ten.
  static func size(_ bytes: Int64) -> String {
    var value = Double(bytes)
    for unit in ["B", "kB", "MB", "GB"] {
      if value < 1_000 || unit == "GB" {
        return String(format: unit == "B" ? "%.0f %@" : "%.1f %@", value, unit)
      }
      value /= 1_000
    }
    return "\(bytes) B"
  }

  private static func time(_ seconds: Int64) -> String {
    seconds < 3_600
      ? String(format: "%d:%02d", Int(seconds / 60), Int(seconds % 60))
      : String(format: "%d:%02d h", Int(seconds / 3_600), Int(seconds / 60 % 60))
  }

  private static func seconds(_ duration: Duration) -> Double {
    Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }

  // MARK: - Writing

  private mutating func line(_ text: String, _ event: JSONObject) {
    lastLine = .now
    eraseBar()
    Output.write(asJSON ? JSONValue.object(event).description : text)
  }

  private mutating func drawBar(_ status: TorrentStatus, _ name: String) {
    let transfer = status.transfer
    let width = 24
    var text = summary(status)
    if transfer.bytesWanted > 0 {
      let filled = Int(transfer.bytesDone * Int64(width) / transfer.bytesWanted)
      text =
        "[" + String(repeating: "#", count: filled)
        + String(repeating: "-", count: width - filled) + "] " + text
    }
    let padding = String(repeating: " ", count: max(0, barLength - text.count))
    barLength = text.count
    try? FileHandle.standardOutput.write(contentsOf: Data("\r\(text)\(padding)".utf8))
  }

  /// Takes the bar away, so that a line stands alone.
  mutating func eraseBar() {
    guard hasBar, barLength > 0 else { return }
    let blank = String(repeating: " ", count: barLength)
    try? FileHandle.standardOutput.write(contentsOf: Data("\r\(blank)\r".utf8))
    barLength = 0
  }
}
