public import ChainTypes
public import Primitives

/// Something that happened to the books; amounts in wei.
public enum ChannelUpdate: Hashable, Sendable {
  /// A channel came into the books.
  case opened(ChannelID, ChannelRole, deposit: UInt128)
  /// A deposit was raised.
  case toppedUp(ChannelID, deposit: UInt128)
  /// A voucher is on disk: so much is paid in all.
  case paid(ChannelID, total: UInt128)
  /// The ledger paid the payee.
  case settled(ChannelID, paid: UInt128, settled: UInt128)
  /// The payer asked for the close.
  case closeRequested(ChannelID)
  /// The channel is gone from the ledger and from the books.
  case closed(ChannelID, settled: UInt128)
  /// A voucher of ours proved that the store is an old copy: nothing is signed until adopted.
  case stopped(ChannelID, shown: UInt128)
  /// A transaction is final.
  case transaction(ChannelTransactionKind, Hash256, succeeded: Bool)
  /// A transaction's nonce is used up and no receipt of it is shown; it is still looked for.
  case unresolved(ChannelTransactionKind, Hash256)
}
