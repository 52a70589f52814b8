/// Why a connection to a peer was closed from this side.
public enum PeerCloseReason: Hashable, Sendable {
  /// The peer broke the protocol; remembered against its address.
  case fault(PeerFault)
  /// The peer's address is banned.
  case banned
  /// The handshake did not come in time.
  case handshakeTimeout
  /// Nothing came from the peer for too long.
  case silent
  /// Neither side has had any use for the other for too long.
  case inactive
  /// There is another connection to the same peer, and this is the one to give up.
  case duplicate
  /// Both sides have everything that they want.
  case bothComplete
  /// Too many connections: this one was worth the least.
  case turnover
  /// Too many connections already when it came.
  case noRoom
  /// Whoever decides about transfers from outside gave it up, for the reason it names.
  case unwanted(String)
  /// The torrent was paused.
  case paused
  /// The torrent or the session ends.
  case stopped
}

extension PeerCloseReason: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .fault(let fault): fault.description
    case .banned: "the address is banned"
    case .handshakeTimeout: "the handshake did not come in time"
    case .silent: "nothing came from the peer for too long"
    case .inactive: "neither side had any use for the other for too long"
    case .duplicate: "there is another connection to the same peer"
    case .bothComplete: "both sides are complete"
    case .turnover: "another peer may be better"
    case .noRoom: "there are too many connections"
    case .unwanted(let reason): reason
    case .paused: "the torrent is paused"
    case .stopped: "the torrent was stopped"
    }
  }
}
