internal import ChainTypes
internal import Primitives

/// Payment channels and payers' vaults: 0x…2000.
///
/// A payer locks money of its vault in a channel to one payee. Vouchers, signed off the ledger, say
/// how much of it is the payee's in all; any of them can be settled by anybody, and only they raise
/// what was settled. The payee may end a channel at any time, the payer after a grace time. The
/// module's balance is the money in all vaults and channels.
///
/// Storage: slot 0 counts the blocks with room; slot 1 `mapping(address => Vault)`; slot 2
/// `mapping(bytes32 => Channel)`, nothing of which is left when a channel ends.
enum ChannelsModule {
  static let module = NativeModule(
    kind: .channels, functions: vaultFunctions + payingFunctions + leavingFunctions + views,
    events: ChannelModule.events)

  /// The functions that payees need: they have a lane of each block for themselves.
  static let laneSelectors = selectors(
    ChannelModule.settle, ChannelModule.settleMany, ChannelModule.close, ChannelModule.closeMutual)
  /// The functions whose payouts can pay the fee of calling them.
  static let creditSelectors = selectors(
    ChannelModule.settle, ChannelModule.settleMany, ChannelModule.close)

  private static func selectors(_ functions: ABIFunction...) -> Set<UInt32> {
    Set(functions.map(\.selector))
  }

  private static let vaultFunctions: [NativeModule.Function] = [
    .init(abi: ChannelModule.vaultDeposit, mutability: .payable, gas: 500, body: vaultDeposit),
    .init(
      abi: ChannelModule.vaultWithdraw, mutability: .nonpayable, gas: 500, body: vaultWithdraw),
    .init(abi: ChannelModule.open, mutability: .nonpayable, gas: 500, body: open),
    .init(abi: ChannelModule.openMany, mutability: .nonpayable, gas: 500, body: openMany),
    .init(abi: ChannelModule.topUp, mutability: .nonpayable, gas: 500, body: topUp),
    .init(abi: ChannelModule.topUpMany, mutability: .nonpayable, gas: 500, body: topUpMany),
  ]

  private static let payingFunctions: [NativeModule.Function] = [
    .init(abi: ChannelModule.settle, mutability: .nonpayable, gas: 500, body: settle),
    .init(abi: ChannelModule.settleMany, mutability: .nonpayable, gas: 500, body: settleMany),
  ]

  private static let leavingFunctions: [NativeModule.Function] = [
    .init(abi: ChannelModule.close, mutability: .nonpayable, gas: 500, body: close),
    .init(abi: ChannelModule.closeMutual, mutability: .nonpayable, gas: 500, body: closeMutual),
    .init(abi: ChannelModule.requestClose, mutability: .nonpayable, gas: 500, body: requestClose),
    .init(abi: ChannelModule.withdraw, mutability: .nonpayable, gas: 500, body: withdraw),
  ]
}
