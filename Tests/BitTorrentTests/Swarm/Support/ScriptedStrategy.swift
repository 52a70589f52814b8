internal import BitTorrent
internal import NIOCore

/// A strategy that does what its test says, and keeps what it hears.
final class ScriptedStrategy: Strategy {
  var tiers: [PeerHandle: Int] = [:]
  var weights: [PeerHandle: Int] = [:]
  var verdicts: [BlockRequest: RequestVerdict] = [:]
  var extensionNames: [String] = []
  private(set) var events: [TransferEvent] = []
  private(set) var agreed: [PeerHandle: [String]] = [:]
  private(set) var offered: [PeerHandle: [String: ByteBuffer]] = [:]
  private(set) var payloads: [[UInt8]] = []
  private(set) var gone: [PeerHandle] = []
  private(set) var introduced: [PeerHandle: PeerIntroduction] = [:]
  private(set) var figures: TorrentFigures?
  /// Whether a piece's leaves are coming, as it was told last.
  private(set) var comingLeaves: [Int: Bool] = [:]
  private(set) var settlements = 0
  private(set) var now = NIODeadline.distantPast
  /// Peers that are asked for leaves.
  var leafGivers: Set<PeerHandle> = []
  /// Peers whose connections it keeps.
  var kept: Set<PeerHandle> = []
  private var queued: [StrategyWish] = []

  /// Has a wish carried out after the next event that it hears of, or at the batch's end.
  func queue(_ wish: StrategyWish) { queued.append(wish) }

  func advance(to now: NIODeadline) { self.now = now }

  func settle(wishes: inout [StrategyWish]) {
    settlements += 1
    wishes += queued
    queued.removeAll()
  }

  func tick(_ torrent: TorrentFigures, wishes: inout [StrategyWish]) { figures = torrent }

  func connected(_ peer: PeerHandle, _ introduction: PeerIntroduction) {
    introduced[peer] = introduction
  }

  func keeps(_ peer: PeerHandle) -> Bool { kept.contains(peer) }

  func wantsLeaves(of peer: PeerHandle) -> Bool { leafGivers.contains(peer) }

  func leavesChanged(ofPiece piece: Int, areComing: Bool) { comingLeaves[piece] = areComing }

  func rank(of peer: PeerHandle, figures: PeerFigures) -> UploadRank? {
    tiers[peer].map { UploadRank(tier: $0, weight: weights[peer] ?? 1) }
  }

  func admit(_ request: BlockRequest, from peer: PeerHandle) -> RequestVerdict {
    verdicts[request] ?? .serve()
  }

  func observe(_ event: TransferEvent, figures: PeerFigures, wishes: inout [StrategyWish]) {
    events.append(event)
    wishes += queued
    queued.removeAll()
  }

  func handshakeEntries(for peer: PeerHandle) -> [String: ByteBuffer] {
    ["xx": ByteBuffer(string: "i7e")]
  }

  func extensionsAgreed(
    _ names: [String], entries: [String: ByteBuffer], with peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    agreed[peer] = names
    offered[peer] = entries
  }

  func received(
    _ payload: ByteBuffer, of extensionName: String, from peer: PeerHandle,
    wishes: inout [StrategyWish]
  ) {
    payloads.append(Array(payload.readableBytesView))
    wishes += queued
    queued.removeAll()
  }

  func disconnected(_ peer: PeerHandle) { gone.append(peer) }
}
