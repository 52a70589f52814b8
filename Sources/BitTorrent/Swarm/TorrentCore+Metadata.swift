internal import Metainfo
internal import NIOCore

// The info dictionary from peers, and to them (BEP 9).
extension TorrentCore {
  /// Asks peers for pieces of the metadata.
  func askForMetadata() {
    isMetadataWanted = false
    guard metadata != nil, !isPaused else { return }
    for peer in peers {
      guard let id = peer.extensionIDs[ExtensionHandshake.LocalID.metadata] else { continue }
      while let piece = metadata?.next(for: peer.handle, at: now) {
        send(MetadataMessage.request(piece: piece).message(id: id), to: peer)
      }
    }
  }

  /// A message of `ut_metadata` came.
  func receivedMetadata(_ payload: ByteBuffer, from peer: Peer) {
    let message: MetadataMessage?
    do {
      message = try MetadataMessage.decode(payload)
    } catch {
      return fault(error, of: peer)
    }
    switch message {
    case .request(let piece): metadataRequested(piece, by: peer)
    case .data(let piece, let totalSize, let data):
      let outcome = metadata?.received(
        piece: piece, totalSize: totalSize, data: data, from: peer.handle)
      metadataArrived(outcome ?? .incomplete, from: peer)
    case .reject(let piece):
      if metadata?.rejected(piece: piece, by: peer.handle, at: now) == true {
        isMetadataWanted = true
      }
    case nil: break
    }
  }

  private func metadataArrived(_ outcome: MetadataExchange.Outcome, from peer: Peer) {
    switch outcome {
    case .incomplete: isMetadataWanted = true
    case .unexpected:
      peer.unrequested += 1
      if peer.unrequested > Self.maximumUnasked { fault(.badMetadata, of: peer) }
      isMetadataWanted = true
    case .complete(let bytes):
      metadata = nil
      isMetadataWanted = false
      peer.lastUseful = now
      lastGain = now
      actions.append(.metadataArrived(bytes))
    case .wrong(let liar):
      isMetadataWanted = true
      if let liar, let peer = peers[liar] { fault(.badMetadata, of: peer) }
    }
  }

  // The bytes have the infohash and are no valid info dictionary: nobody can do better.
  func metadataRefused() {
    metadata = nil
    isPaused = true
    for peer in peers { disconnect(peer, .stopped) }
  }

  private func metadataRequested(_ piece: Int, by peer: Peer) {
    guard let id = peer.extensionIDs[ExtensionHandshake.LocalID.metadata] else { return }
    renewService(of: peer)
    let length = MetadataMessage.blockLength
    guard let bytes = info?.rawBytes, piece < (bytes.count + length - 1) / length,
      peer.metadataServed < Self.metadataServings * (bytes.count / length + 1)
    else {
      peer.refused += 1
      guard peer.refused <= configuration.requestQueueLimit else {
        return fault(.flood, of: peer)
      }
      return send(MetadataMessage.reject(piece: piece).message(id: id), to: peer)
    }
    peer.metadataServed += 1
    let block = bytes[piece * length..<min((piece + 1) * length, bytes.count)]
    let data = MetadataMessage.data(
      piece: piece, totalSize: bytes.count, ByteBuffer(bytes: block))
    send(data.message(id: id), to: peer)
  }

  // How often one peer may have the whole in a minute.
  private static let metadataServings = 4
  private static let maximumUnasked = 32
}
