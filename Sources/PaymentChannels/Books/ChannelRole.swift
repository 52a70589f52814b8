/// What the owner of the books is to a channel.
public enum ChannelRole: UInt8, Hashable, Sendable {
  /// It pays: signs vouchers, asks for the close.
  case payer = 1
  /// It is paid: takes vouchers, cashes them.
  case payee = 2
  /// Neither: it holds another's voucher and settles it when the payer asks for the close.
  case watcher = 3
}

extension ChannelRole {
  /// The word for it in JSON and in tables.
  public var name: String {
    switch self {
    case .payer: "payer"
    case .payee: "payee"
    case .watcher: "watcher"
    }
  }

  /// The role of that name.
  public init?(name: String) {
    guard let role = [Self.payer, .payee, .watcher].first(where: { $0.name == name }) else {
      return nil
    }
    self = role
  }
}
