internal import Metainfo
package import NIOCore

// What people want to see of a torrent in detail.
extension TorrentCore {
  /// The connected peers, the oldest connection first.
  package func peerDetails(at now: NIODeadline) -> [TorrentPeer] {
    peers.map { peer in
      TorrentPeer(
        address: peer.introduction.address, direction: peer.introduction.direction,
        client: peer.client ?? peer.introduction.peerID.description, pieces: peer.pieces.setCount,
        downloaded: peer.downloaded, uploaded: peer.uploaded, downloadRate: peer.downloadRate,
        uploadRate: peer.uploadRate, isInteresting: peer.amInterested,
        isUnchokingUs: !peer.isChoking, isInterested: peer.isInterested,
        isUnchoked: !peer.amChoking, requestsOpen: peer.requests.count,
        requestsQueued: peer.uploads.count)
    }
  }

  /// Bytes of each of the info's files that are verified and written.
  func bytesDone(ofFilesOf info: TorrentInfo) -> [Int] {
    let layout = info.layout
    guard picker.have.bitCount == layout.pieceCount else {
      return [Int](repeating: 0, count: info.files.count)
    }
    return info.files.map { file in
      if picker.have.isFull || file.length == 0 { return file.length }
      return layout.pieces(of: file).reduce(0) { sum, piece in
        guard picker.have[piece] else { return sum }
        return sum + layout.range(ofPiece: piece).clamped(to: file.range).count
      }
    }
  }
}
