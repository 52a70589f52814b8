/// Why the module refuses a call, or one item of `settleMany`.
///
/// The raw value is the item's code in the result of `settleMany`, and the text stands in the
/// revert of a single call.
public enum ChannelFailure: UInt8, Error, Hashable, Sendable, CaseIterable {
  /// No channel of that descriptor is open.
  case unknownChannel = 1
  /// The signature is not one of 65 bytes with a low s and v 27 or 28 by the right key.
  case badSignature = 2
  /// The voucher is not above what was settled already.
  case nothingToSettle = 3
  /// The caller is not the payee.
  case notPayee = 4
  /// The caller is not the payer.
  case notPayer = 5
  /// The capture is below what was settled already, or above the voucher or the deposit.
  case badCapture = 6
  /// The release has expired, or runs more than ten minutes ahead.
  case badValidity = 7
  /// The payer has not asked for the close.
  case noCloseRequest = 8
  /// The grace time is not over.
  case graceNotOver = 9
  /// A grace time is outside the chain's bounds.
  case badGrace = 10
  /// The amount is zero, or the channel or vault would hold more than fits.
  case badAmount = 11
  /// The vault holds less.
  case vaultTooLow = 12
  /// The payee or the payer is an address that can't be one.
  case badParty = 13
  /// There are no items, or too many.
  case badCount = 14
}

extension ChannelFailure: CustomStringConvertible {
  /// The cause and the next step.
  public var description: String {
    switch self {
    case .unknownChannel: "no such channel is open: check the descriptor, or it is closed"
    case .badSignature: "signature is not the signer's: 65 bytes, low s, v 27 or 28, EIP-712"
    case .nothingToSettle: "nothing to settle: the voucher is not above what was settled"
    case .notPayee: "only the payee may do this"
    case .notPayer: "only the payer may do this"
    case .badCapture: "capture is below what was settled, or above voucher or deposit"
    case .badValidity: "release has expired or runs more than 600 seconds ahead"
    case .noCloseRequest: "no close was requested: call requestClose first"
    case .graceNotOver: "grace time is not over: wait for its seconds and its blocks"
    case .badGrace: "grace time is outside the bounds of this chain: see graceBounds"
    case .badAmount: "amount is zero or does not fit 112 bits"
    case .vaultTooLow: "the vault holds less: call vaultDeposit first"
    case .badParty: "payee must not be zero, the payer or the module"
    case .badCount: "too many items, or none"
    }
  }
}
