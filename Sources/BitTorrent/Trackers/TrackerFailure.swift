/// Why a tracker gave no answer that is of use.
public enum TrackerFailure: Error, Hashable, Sendable {
  /// When a tracker that refused may be asked again (BEP 31).
  public enum Retry: Hashable, Sendable {
    /// After that time.
    case after(Duration)
    /// Not in this session.
    case never
  }

  /// The tracker refused, for a reason in its own words.
  case refused(String, retry: Retry?)
  /// The answer is not one of a tracker.
  case malformed
  /// The tracker's host cannot be resolved or connected to, for that reason.
  case unreachable(String)
  /// No whole answer came in time.
  case timedOut
  /// The HTTP server answered with that status.
  case status(Int)
  /// The answer is larger than the limit.
  case tooLarge
  /// Too many redirections, one after the other.
  case tooManyRedirects
  /// The address is not one that a torrent may make us call, for that reason.
  case forbidden(String)
  /// Nothing here speaks the address's scheme, or the tracker does not do what was asked.
  case unsupported
  /// The announce was given up from this side.
  case cancelled
}

extension TrackerFailure: CustomStringConvertible {
  /// The failure in words.
  public var description: String {
    switch self {
    case .refused(let reason, _): "the tracker refused: \(reason)"
    case .malformed: "the answer is not one of a tracker"
    case .unreachable(let reason): "the tracker cannot be reached: \(reason)"
    case .timedOut: "the tracker did not answer in time"
    case .status(let status): "the tracker answered with HTTP status \(status)"
    case .tooLarge: "the tracker's answer is too large"
    case .tooManyRedirects: "the tracker redirects too often"
    case .forbidden(let reason): "the tracker's address is not allowed: \(reason)"
    case .unsupported: "the tracker's address has a scheme that is not supported here"
    case .cancelled: "the announce was given up"
    }
  }
}
