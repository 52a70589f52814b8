public import Primitives

/// What a payer chooses when it opens a channel.
public struct ChannelTerms: Hashable, Sendable {
  /// Who is paid.
  public var payee: Address
  /// Whose key signs the vouchers; zero means the payer's own.
  public var signer: Address
  /// A word of the payer's choice.
  public var salt: Hash256
  /// The least seconds from a close request to the withdrawal.
  public var graceSeconds: UInt32
  /// The least blocks with room from a close request to the withdrawal.
  public var graceBlocks: UInt32
  /// The wei locked from the payer's vault, below 2^112.
  public var deposit: UInt128

  /// Terms.
  public init(
    payee: Address, signer: Address = .zero, salt: Hash256 = .zero, graceSeconds: UInt32,
    graceBlocks: UInt32, deposit: UInt128
  ) {
    self.payee = payee
    self.signer = signer
    self.salt = salt
    self.graceSeconds = graceSeconds
    self.graceBlocks = graceBlocks
    self.deposit = deposit
  }

  /// The channel that these terms open as the payer's opening number `openCount`.
  public func descriptor(
    payer: Address, openCount: UInt64, in domain: ChannelDomain
  ) -> ChannelDescriptor {
    ChannelDescriptor(
      payer: payer, payee: payee, signer: signer, salt: salt, graceSeconds: graceSeconds,
      graceBlocks: graceBlocks, openCount: openCount, module: domain.module,
      chainID: domain.chainID)
  }
}
