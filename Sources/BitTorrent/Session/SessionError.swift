/// Why a session, or a torrent of it, does not run.
public enum SessionError: Error, Sendable {
  /// A setting is out of its bounds.
  case configuration(setting: String, bounds: String)
  /// The address cannot be listened on; the reason says what to do.
  case listen(PeerAddress, reason: String)
  /// The session has been stopped.
  case stopped
  /// The torrent is in the session already.
  case duplicate(String)
  /// The torrent is not in the session, or not any more.
  case unknown(String)
  /// The session has as many torrents as it can.
  case full(Int)
  /// The torrent's info dictionary is not known yet.
  case noMetadata(String)
}

extension SessionError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .configuration(let setting, let bounds):
      "session: setting \(setting) must be \(bounds): correct it in the configuration"
    case .listen(let address, let reason):
      "cannot listen for peers on \(address): \(reason)"
    case .stopped: "the session has been stopped: start a new one"
    case .duplicate(let infoHash): "torrent \(infoHash) is in the session already"
    case .unknown(let infoHash): "there is no torrent \(infoHash) in the session"
    case .full(let count): "the session has \(count) torrents already: remove some first"
    case .noMetadata(let infoHash):
      "the files of torrent \(infoHash) are not known before its metadata came from peers"
    }
  }
}
