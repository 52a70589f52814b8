public import ChainTypes

/// Why a root chain could not be read.
public enum RootChainError: Error, Hashable, Sendable {
  /// Too few endpoints answered.
  case unreachable(String)
  /// Endpoints say different things, and none of them has a quorum.
  case disagreement(String)
  /// Endpoints want to be asked for less at once.
  case tooMuchAtOnce(String)
  /// The chain has no such block yet.
  case notThere(String)
  /// What all say does not fit what is proven.
  case unproven(String)
  /// The endpoints refuse the call itself.
  case refused(RPCError)
}

extension RootChainError: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .unreachable(let text): "\(text); check the endpoints, or name more of them"
    case .disagreement(let text): "\(text); find out which endpoint errs and remove it"
    case .tooMuchAtOnce(let text): "\(text): more was asked for at once than the endpoints give"
    case .notThere(let text): "\(text) is not there yet"
    case .unproven(let text): "\(text); the answer was not used"
    case .refused(let error): "the endpoints answer: \(error)"
    }
  }
}
