/// What became of a validator's vote for a header.
public enum AttestationResult: UInt8, Hashable, Sendable, CaseIterable {
  /// It counts.
  case counted = 0
  /// It counts, and with it the header is attested.
  case attested = 1
  /// The validator had cast it already.
  case known = 2
  /// The validator had voted for another header at that height: this vote is kept as evidence
  /// against it and does not count.
  case conflicting = 3
  /// Another header is attested at that height: endpoints lie, or the root chain went back on a
  /// final block.
  case disagrees = 4
}

/// What became of a message from a root chain.
public enum MessageStatus: UInt8, Hashable, Sendable, CaseIterable {
  /// Nobody has proven it yet.
  case unknown = 0
  /// It was carried out.
  case applied = 1
  /// It could not be carried out.
  case failed = 2
  /// It went back to its depositor.
  case refunded = 3
}

/// Why a message could not be carried out.
public enum MessageFailure: UInt8, Hashable, Sendable, CaseIterable {
  /// The data is no message that is known here, or not in its canonical form.
  case malformed = 1
  /// It says that it is of another root chain.
  case wrongRoot = 2
  /// The token is not mapped: retry once its mapping is here.
  case notMapped = 3
  /// The receiver is zero, or a module, which has no use for it.
  case badReceiver = 4
  /// The amount is zero, or the supply or a balance would not fit 256 bits.
  case badAmount = 5
  /// The reserve holds less.
  case reserveTooLow = 6
  /// The mapping's child token is not the derived address.
  case wrongChild = 7
  /// The token is mapped already, or is BTT.
  case alreadyMapped = 8
}

extension MessageFailure: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .malformed: "the message is not one that this chain knows: it stays as it is"
    case .wrongRoot: "the message names another root chain: it stays as it is"
    case .notMapped: "the token is not mapped here: prove its mapping, then retry"
    case .badReceiver: "the receiver is zero or a module: refund it when the time to retry is over"
    case .badAmount: "the amount is zero or does not fit: refund it when the time to retry is over"
    case .reserveTooLow: "the reserve holds less than the deposit: retry later, or refund it"
    case .wrongChild: "the mapping names another address than the derived one"
    case .alreadyMapped: "the token is mapped already, or is BTT itself"
    }
  }
}
