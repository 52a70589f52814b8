/// What the choker knows of a peer when slots are given.
package struct UploadCandidate {
  /// The peer.
  package var peer: PeerHandle
  /// Whether it wants something that we have.
  package var isInterested = false
  /// Whether it let a request of ours time out: it gets no slot for what it gave.
  package var isSnubbing = false
  /// All payload that came from it, in bytes.
  package var downloaded = 0
  /// All payload that went to it, in bytes.
  package var uploaded = 0
  /// How many pieces of a thousand it has.
  package var progress = 0
  /// How the strategy ranks it, if there is one and it does.
  package var rank: UploadRank?

  /// A candidate that has done nothing yet.
  package init(peer: PeerHandle) { self.peer = peer }
}

/// A slot that is given or taken: send the peer `unchoke` or `choke`.
package struct SlotChange: Hashable {
  /// The peer.
  package var peer: PeerHandle
  /// Whether it has a slot from now on.
  package var isUnchoked: Bool
}
