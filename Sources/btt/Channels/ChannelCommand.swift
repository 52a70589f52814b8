internal import ArgumentParser

/// The command `btt channel`.
struct ChannelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "channel",
    abstract: "Pay and be paid over payment channels.",
    discussion: """
      A payer locks a deposit for a payee and then signs vouchers, each over all that is paid so \
      far; the payee cashes the newest one when it likes. The books lie in the state directory, \
      and no node of one's own is needed: with --genesis FILE nothing is believed that a node \
      cannot prove.

      EXAMPLE
        btt vault deposit 100
        btt channel open 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 --deposit 10
        btt channel pay 0x5f1a… 0.25 --out voucher.json
        btt channel receive voucher.json
        btt channel settle
      """,
    subcommands: [
      ChannelOpen.self, ChannelOpenMany.self, ChannelTopUpCommand.self, ChannelList.self,
      ChannelShow.self, ChannelPay.self, ChannelReceive.self, ChannelSettle.self,
      ChannelClose.self, ChannelRelease.self, ChannelRequestClose.self, ChannelWithdraw.self,
      ChannelWatch.self, ChannelExport.self, ChannelImport.self, ChannelAdopt.self,
    ])
}

/// The command `btt vault`.
struct VaultCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vault",
    abstract: "The money that channels are opened from.",
    discussion: """
      EXAMPLE
        btt vault deposit 100
        btt vault show
      """,
    subcommands: [VaultDeposit.self, VaultWithdraw.self, VaultShow.self])
}

/// The command `btt voucher`.
struct VoucherCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "voucher",
    abstract: "Sign, verify and read vouchers, without books and without a node.",
    discussion: """
      EXAMPLE
        btt voucher verify voucher.json
      """,
    subcommands: [VoucherSign.self, VoucherVerify.self, VoucherDecode.self])
}
