internal import Metainfo
internal import NIOCore
internal import Primitives

/// Fetching piece layers from peers (BEP 52), for a v2 torrent that came by a magnet link.
///
/// Every answer is proven up to its file's root, so a peer that lies is known at once.
struct LayerExchange {
  /// Requests open at one peer.
  static let maximumOpen = 16

  /// What an answer is.
  enum Outcome {
    /// Nobody asked this peer for it.
    case unexpected
    /// It does not lead to the root.
    case wrong
    /// More of the layer is missing.
    case incomplete
    /// The whole layer.
    case complete([UInt8])
  }

  private struct Ask {
    var peer: PeerHandle
    var request: HashRequest
    var sent: NIODeadline
  }

  /// The files, by index, that have each root whose layer is missing.
  let files: [Hash256: [Int]]
  private var assemblers: [Hash256: PieceLayerAssembler] = [:]
  // Roots with ranges that nobody is asked for, perhaps; the next to ask for is last.
  private var waiting: [Hash256]
  private var asks: [Ask] = []
  private var open: [PeerHandle: Int] = [:]
  private var waits: [PeerHandle: NIODeadline] = [:]

  /// What is missing, or nil if nothing is.
  init?(_ info: TorrentInfo, layers: PieceLayers) {
    let missing = layers.missingRoots(in: info)
    guard !missing.isEmpty else { return nil }
    let roots = Set(missing)
    var files: [Hash256: [Int]] = [:]
    for (index, file) in info.files.enumerated() {
      guard let root = file.piecesRoot, roots.contains(root) else { continue }
      files[root, default: []].append(index)
      guard assemblers[root] == nil else { continue }
      assemblers[root] = PieceLayerAssembler(file: file, of: info)
    }
    self.files = files
    waiting = missing.reversed()
  }

  /// Whether there may be something that nobody is asked for.
  var hasMore: Bool { !waiting.isEmpty }

  /// Whether every layer is there.
  var isFinished: Bool { assemblers.isEmpty }

  /// What to ask this peer for next, if anything.
  mutating func next(for peer: PeerHandle, at now: NIODeadline) -> HashRequest? {
    guard open[peer, default: 0] < Self.maximumOpen,
      waits[peer].map({ $0 <= now }) ?? true
    else { return nil }
    while let root = waiting.last {
      if let range = assemblers[root]?.nextRange() {
        let request = HashRequest(
          piecesRoot: root, baseLayer: range.baseLayer, index: range.index, length: range.length,
          proofLayers: range.proofLayers)
        asks.append(Ask(peer: peer, request: request, sent: now))
        open[peer, default: 0] += 1
        return request
      }
      waiting.removeLast()
    }
    return nil
  }

  /// Hashes came.
  mutating func received(
    _ request: HashRequest, _ hashes: ByteBuffer, from peer: PeerHandle
  ) -> Outcome {
    guard let index = asks.firstIndex(where: { $0.peer == peer && $0.request == request }) else {
      return .unexpected
    }
    asks.remove(at: index)
    close(peer)
    let root = request.piecesRoot
    guard assemblers[root]?.accept(Self.range(request), hashes.readableBytesView) == true else {
      waiting.append(root)
      return .wrong
    }
    guard let layer = assemblers[root]?.finished else { return .incomplete }
    assemblers[root] = nil
    return .complete(layer)
  }

  /// The peer won't answer and is asked again later; false when it was not asked.
  mutating func rejected(_ request: HashRequest, by peer: PeerHandle, at now: NIODeadline) -> Bool {
    guard let index = asks.firstIndex(where: { $0.peer == peer && $0.request == request }) else {
      return false
    }
    release(asks.remove(at: index))
    close(peer)
    waits[peer] = now + .seconds(15)
    return true
  }

  /// Gives up what has been open since before `limit`.
  mutating func expire(askedBefore limit: NIODeadline, at now: NIODeadline) {
    for ask in asks where ask.sent < limit {
      release(ask)
      close(ask.peer)
      waits[ask.peer] = now + .seconds(60)
    }
    asks.removeAll { $0.sent < limit }
  }

  /// The connection ended.
  mutating func left(_ peer: PeerHandle) {
    for ask in asks where ask.peer == peer { release(ask) }
    asks.removeAll { $0.peer == peer }
    waits[peer] = nil
    open[peer] = nil
  }

  private mutating func close(_ peer: PeerHandle) {
    open[peer] = open[peer].flatMap { $0 > 1 ? $0 - 1 : nil }
  }

  private mutating func release(_ ask: Ask) {
    let root = ask.request.piecesRoot
    assemblers[root]?.fail(Self.range(ask.request))
    if waiting.last != root { waiting.append(root) }
  }

  private static func range(_ request: HashRequest) -> MerkleRange {
    MerkleRange(
      baseLayer: request.baseLayer, index: request.index, length: request.length,
      proofLayers: request.proofLayers)
  }
}
