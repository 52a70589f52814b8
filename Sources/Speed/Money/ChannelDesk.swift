public import ChainTypes
public import Keys
public import PaymentChannels
public import Primitives

/// Where the market has its money matters done: signing, verifying, storing, the ledger.
///
/// An order returns at once; what comes of it is posted to the market's ``DeskMailbox``, from any
/// thread. Budget, ceiling and the user's "spend off" hold at the desk, whatever is ordered.
public protocol ChannelDesk: Sendable {
  /// The account that pays and is paid.
  var account: Address { get }
  /// Where its channels are.
  var domain: ChannelDomain { get }

  /// Takes an order; every one but `shown`, `writeOff`, `close` and `requestClose` is answered once.
  func submit(_ order: DeskOrder)
}

/// What the market wants of the desk; amounts in wei.
public enum DeskOrder: Hashable, Sendable {
  /// Sign a digest of the extension with this account's or voucher signer's key: `signed`.
  case sign(Hash256, by: Address, ticket: UInt64)

  // As the buyer.

  /// Open channels, all in one transaction: `opened` for each that is final, or `notOpened`.
  case open([ChannelWish])
  /// Raise a deposit: `toppedUp` or `notToppedUp`.
  case topUp(ChannelID, by: UInt128)
  /// Sign a voucher over `total` in all: `paid` or `notPaid`.
  case pay(ChannelID, total: UInt128)
  /// Take note of our newest voucher that a payee holds: `known`, where it is one.
  case shown(SignedVoucher)
  /// The payee has not closed in time: ask for the close.
  case requestClose(ChannelID)

  // As the seller.

  /// Look up a channel that was shown to us: `admitted` or `notAdmitted`.
  case admit(ChannelDescriptor)
  /// Verify a voucher and bring it to the disk: `received` or `notReceived`.
  case receive(SignedVoucher, from: PaymentChannels.PeerID)
  /// Note on disk that up to `total` is delivered before it is, with this window: `charged` or
  /// `notCharged`.
  case charge(ChannelID, upTo: UInt128, window: UInt128)
  /// Forgive what is billed above `total`.
  case writeOff(ChannelID, to: UInt128)
  /// Close a channel as its payee.
  case close(ChannelID)
}

/// A channel that is to be opened.
public struct ChannelWish: Hashable, Sendable {
  /// Who is paid.
  public var payee: Address
  /// The wei to be locked.
  public var deposit: UInt128
  /// The least seconds from a close request to the withdrawal, as the payee asks for.
  public var graceSeconds: UInt32
  /// The least blocks with room from a close request to the withdrawal.
  public var graceBlocks: UInt32

  /// A wish.
  public init(payee: Address, deposit: UInt128, graceSeconds: UInt32, graceBlocks: UInt32) {
    self.payee = payee
    self.deposit = deposit
    self.graceSeconds = graceSeconds
    self.graceBlocks = graceBlocks
  }
}

/// What became of an order, and what the desk sees by itself; amounts in wei.
public enum DeskEvent: Hashable, Sendable {
  /// A digest was signed; nil when it was not.
  case signed(ticket: UInt64, Signature?)

  /// A channel of ours is open and final, or was open already; so much of it is signed, and owed
  /// by what an earlier session wrote down.
  case opened(ChannelDescriptor, deposit: UInt128, signed: UInt128, owed: UInt128)
  /// No channel to this payee was opened: there is no ledger, no money, or spending is off.
  case notOpened(payee: Address)
  /// A deposit was raised.
  case toppedUp(ChannelID, deposit: UInt128)
  /// A deposit was not raised.
  case notToppedUp(ChannelID)
  /// A voucher is signed and may be sent; over less than was ordered where no more is allowed.
  case paid(SignedVoucher)
  /// So much of a channel of ours was signed before, as its payee or the ledger shows.
  case known(ChannelID, total: UInt128, SignedVoucher?)
  /// A voucher was not signed; `isFinal` when none will be.
  case notPaid(ChannelID, isFinal: Bool)

  /// A channel to us is open, final and within our limits.
  case admitted(PayerStatement)
  /// A channel is none that we are paid through.
  case notAdmitted(ChannelID)
  /// So much is paid by vouchers on disk.
  case received(ChannelID, paid: UInt128, deposit: UInt128)
  /// A voucher was refused; `isForged` when its signature is wrong.
  case notReceived(ChannelID, from: PaymentChannels.PeerID, isForged: Bool)
  /// So much is noted as delivered.
  case charged(ChannelID, upTo: UInt128)
  /// It was not noted: the voucher or the disk does not reach.
  case notCharged(ChannelID)

  /// The payer asked for the close.
  case closing(ChannelID)
  /// The channel is gone from the ledger, and what was not paid is back in the vault.
  case closed(ChannelID)
  /// How old the newest block is that the desk knows.
  case ledgerAge(Duration)
}

/// What a payee's books say of a channel; amounts in wei.
public struct PayerStatement: Hashable, Sendable {
  /// The channel.
  public var channelID: ChannelID
  /// Locked since its opening, as final blocks say.
  public var deposit: UInt128
  /// Paid by vouchers on disk.
  public var paid: UInt128
  /// Delivered, in value; noted up to half a window before it is.
  public var delivered: UInt128
  /// The window that was last noted, in wei.
  public var window: UInt128
  /// Paid by this payer on all its channels, ever.
  public var history: UInt128
  /// The newest voucher on disk.
  public var voucher: SignedVoucher?

  /// A statement.
  public init(
    channelID: ChannelID, deposit: UInt128, paid: UInt128, delivered: UInt128,
    window: UInt128 = 0, history: UInt128, voucher: SignedVoucher? = nil
  ) {
    self.channelID = channelID
    self.deposit = deposit
    self.paid = paid
    self.delivered = delivered
    self.window = window
    self.history = history
    self.voucher = voucher
  }
}
