internal import Metainfo
internal import NIOCore

// The extension protocol (BEP 10): what we say of ourselves, and whose messages go where.
extension TorrentCore {
  private typealias LocalID = ExtensionHandshake.LocalID
  private typealias Name = ExtensionHandshake.Name

  /// Tells the peer which extensions we speak, and the like.
  func sendExtensions(to peer: Peer) {
    guard peer.introduction.features.contains(.extended) else { return }
    var handshake = ExtensionHandshake()
    handshake.extensions = [
      Name.metadata: LocalID.metadata, Name.uploadOnly: LocalID.uploadOnly,
      Name.dontHave: LocalID.dontHave,
    ]
    if exchangesPeers {
      handshake.extensions[Name.exchange] = LocalID.exchange
      peer.wasOfferedExchange = true
    } else if peer.wasOfferedExchange {
      // A torrent that turns out to be private takes back what was offered before.
      handshake.extensions[Name.exchange] = 0
    }
    handshake.port = configuration.listenPort == 0 ? nil : configuration.listenPort
    handshake.client = configuration.clientName
    handshake.yourAddress = peer.introduction.address.host
    handshake.requestQueue = configuration.requestQueueLimit
    handshake.metadataSize = info?.rawBytes.count
    if isComplete, peer.shown == nil { handshake.uploadOnly = true }
    if let strategy {
      for name in strategy.extensionNames { handshake.extensions[name] = strategyID(of: name) }
      handshake.others = strategy.handshakeEntries(for: peer.handle).map { key, value in
        .init(key: Array(key.utf8), value: .encoded(Array(value.readableBytesView)))
      }
    }
    send(handshake.message, to: peer)
  }

  /// A message of the extension protocol came, under a number of ours.
  func extended(_ id: UInt8, _ payload: ByteBuffer, from peer: Peer) {
    guard peer.introduction.features.contains(.extended) else {
      return fault(.notNegotiated(id: 20), of: peer)
    }
    do throws(PeerFault) {
      switch id {
      case ExtensionHandshake.messageID: try agree(on: ExtensionHandshake(payload), with: peer)
      case LocalID.metadata: receivedMetadata(payload, from: peer)
      case LocalID.exchange: try receivedPeers(payload, from: peer)
      case LocalID.dontHave: lost(try DontHave(payload).piece, by: peer)
      case LocalID.uploadOnly:
        peer.isUploadOnly = try UploadOnly(payload).isUploadOnly
        closeIfBothComplete(peer)
      default:
        if let strategy, let name = strategyExtension(id) {
          strategy.received(payload, of: name, from: peer.handle, wishes: &wishes)
        }
      }
    } catch {
      fault(error, of: peer)
    }
  }

  private func agree(
    on handshake: ExtensionHandshake, with peer: Peer
  ) throws(PeerFault) {
    peer.handshakes += 1
    guard peer.handshakes <= Self.maximumHandshakes else { throw .flood }
    func take(_ name: String, _ id: UInt8?) {
      guard let id, let theirs = handshake.extensions[name] else { return }
      peer.extensionIDs[id] = theirs == 0 ? nil : theirs
    }
    take(Name.exchange, LocalID.exchange)
    take(Name.metadata, LocalID.metadata)
    take(Name.uploadOnly, LocalID.uploadOnly)
    take(Name.dontHave, LocalID.dontHave)
    if let limit = handshake.requestQueue {
      peer.pipeline.setLimit(min(limit, configuration.maximumPipeline))
      touch(peer)
    }
    if let client = handshake.client { peer.client = client }
    if let port = handshake.port { book.peer(peer.handle, listensOn: port, at: now) }
    if let size = handshake.metadataSize, peer.extensionIDs[LocalID.metadata] != nil,
      metadata?.announced(size: size, by: peer.handle) == true
    {
      isMetadataWanted = true
    }
    if let strategy {
      let names = strategy.extensionNames
      for name in names { take(name, strategyID(of: name)) }
      let agreed = names.filter { strategyID(of: $0).flatMap { peer.extensionIDs[$0] } != nil }
      var entries: [String: ByteBuffer] = [:]
      for entry in handshake.others {
        guard let name = names.first(where: { entry.key.elementsEqual($0.utf8) }) else { continue }
        entries[name] = ByteBuffer(bytes: entry.value.encoded)
      }
      strategy.extensionsAgreed(agreed, entries: entries, with: peer.handle, wishes: &wishes)
    }
    if let uploadOnly = handshake.uploadOnly {
      peer.isUploadOnly = uploadOnly
      closeIfBothComplete(peer)
    }
  }

  private static let maximumHandshakes = 16
}
