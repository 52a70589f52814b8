/// What the owner of the books is to a channel.
public enum ChannelRole: UInt8, Hashable, Sendable {
  /// It pays: signs vouchers, asks for the close.
  case payer = 1
  /// It is paid: takes vouchers, cashes them.
  case payee = 2
  /// Neither: it holds another's voucher and settles it when the payer asks for the close.
  case watcher = 3
}
