internal import Metainfo
internal import NIOCore

// Peers tell each other of peers (BEP 11), but never of those of a private torrent (BEP 27).
extension TorrentCore {
  /// Whether peers are told of each other.
  var exchangesPeers: Bool { configuration.exchangesPeers && info?.isPrivate != true }

  /// Tells a peer whom else we are connected with, at most once a minute and only what changed.
  func tellPeers(to peer: Peer) {
    guard let id = peer.extensionIDs[ExtensionHandshake.LocalID.exchange], exchangesPeers,
      peer.exchange.isDue(book.connectionsVersion, at: now)
    else { return }
    let receiver = peer.introduction.address
    // Only those that we are connected with and know where to dial.
    let others = peers.compactMap { other -> PeerExchangeMessage.Entry? in
      guard other !== peer, let address = book.listeningAddress(of: other.handle),
        address.isCredible(from: receiver)
      else { return nil }
      return .init(address, flags(of: other))
    }
    guard let news = peer.exchange.message(others, book.connectionsVersion, at: now) else { return }
    send(news.message(id: id), to: peer)
  }

  private func flags(of peer: Peer) -> PeerExchangeMessage.Flags {
    var flags: PeerExchangeMessage.Flags = []
    if peer.introduction.encryption != nil { flags.insert(.encryption) }
    if peer.isSeed || peer.isUploadOnly { flags.insert(.seed) }
    if peer.introduction.direction == .outgoing { flags.insert(.reachable) }
    return flags
  }

  /// A peer tells whom else it is connected with.
  ///
  /// It may send anything, so little of it counts: addresses that such a peer can know, one a host,
  /// and not so many that they would crowd out what others know.
  func receivedPeers(_ payload: ByteBuffer, from peer: Peer) throws(PeerFault) {
    guard exchangesPeers else { return }
    guard peer.exchange.mayTell(at: now) else { throw .flood }
    let source = peer.introduction.address
    var hosts: Set<PeerAddress> = [source.host]
    for entry in try PeerExchangeMessage(payload).added {
      let address = entry.address
      guard address.isCredible(from: source), !book.isBanned(address),
        address.isLoopback || hosts.insert(address.host).inserted,
        book.isKnown(address) || book.mayName(source, at: now)
      else { continue }
      if book.add(CollectionOfOne(address), from: .exchange, at: now) > 0 {
        mayConnect = true
        if entry.flags.contains(.seed) { book.markSeed(address) }
      }
    }
  }
}
