internal import Primitives
internal import Synchronization

/// The hashes of all pieces, filled in by several threads, each piece by one.
final class PieceHashes: Sendable {
  private struct State {
    var v1: [UInt8]
    var v2: [UInt8]
  }

  private let state: Mutex<State>

  init(count: Int, v1: Bool, v2: Bool) {
    state = Mutex(
      State(
        v1: v1 ? [UInt8](repeating: 0, count: count * SHA1Hash.byteCount) : [],
        v2: v2 ? [UInt8](repeating: 0, count: count * 32) : []))
  }

  func set(_ piece: Int, _ digest: PieceDigest, leafCount: Int) {
    let root = digest.root(leafCount: leafCount)
    state.withLock { state in
      if let hash = digest.sha1 {
        let start = piece * SHA1Hash.byteCount
        state.v1.replaceSubrange(start..<start + SHA1Hash.byteCount, with: hash.bytes)
      }
      if let root { state.v2.replaceSubrange(piece * 32..<piece * 32 + 32, with: root.bytes) }
    }
  }

  /// The v1 hashes of all pieces.
  var v1: [UInt8] { state.withLock { $0.v1 } }

  /// The v2 hashes of all pieces.
  var v2: [UInt8] { state.withLock { $0.v2 } }
}
