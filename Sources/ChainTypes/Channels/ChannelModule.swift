public import Primitives

/// The table that the ledger's module and every client of it share: address, limits and ABI.
///
/// A channel is passed as its descriptor's tuple, `(payer, payee, signer, salt, graceSeconds,
/// graceBlocks, openCount)`; terms as `(payee, signer, salt, graceSeconds, graceBlocks, deposit)`.
public enum ChannelModule {
  /// Where the module stands.
  public static let address = Address(0x2000)
  /// The most channels of one `openMany` or `topUpMany`.
  public static let maximumOpenCount = 256
  /// The most items of one `settleMany`.
  public static let maximumSettleCount = 1_024
  /// The most items of a transaction whose fee is paid from its payouts.
  public static let maximumCreditItems = 16
  /// The most ids of one `channelStates`.
  public static let maximumStateCount = 1_024
  /// Once so many grace times in blocks of any kind have passed, room no longer counts.
  public static let graceBlocksFactor: UInt64 = 4
}

// MARK: - Calls

extension ChannelModule {
  /// Adds the coin sent along to the caller's vault.
  public static let vaultDeposit = ABIFunction("vaultDeposit()")
  /// Moves coin from the caller's vault to its balance.
  public static let vaultWithdraw = ABIFunction("vaultWithdraw(uint128 amount)")
  /// Opens a channel from the caller's vault.
  public static let open = ABIFunction(
    """
    open((address payee, address signer, bytes32 salt, uint32 graceSeconds, uint32 graceBlocks, \
    uint128 deposit) terms)
    """, returns: "bytes32 id")
  /// Opens many channels from the caller's vault, all or none.
  public static let openMany = ABIFunction(
    """
    openMany((address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint128 deposit)[] terms)
    """, returns: "bytes32[] ids")
  /// Raises a channel's deposit from the caller's vault and clears a close request.
  public static let topUp = ABIFunction(
    """
    topUp((address payer, address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint64 openCount) channel, uint128 amount)
    """)
  /// Raises many channels' deposits, all or none.
  public static let topUpMany = ABIFunction(
    """
    topUpMany(((address payer, address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint64 openCount) channel, uint128 amount)[] items)
    """)
  /// Pays the payee what a voucher is above what was settled; anyone may call it.
  public static let settle = ABIFunction(
    """
    settle((address payer, address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint64 openCount) channel, uint128 cumulativeAmount, bytes signature)
    """, returns: "uint128 paid")
  /// Settles each item on its own: the result tells its `ChannelFailure`, or 0, and what it paid.
  public static let settleMany = ABIFunction(
    """
    settleMany(((address payer, address payee, address signer, bytes32 salt, \
    uint32 graceSeconds, uint32 graceBlocks, uint64 openCount) channel, \
    uint128 cumulativeAmount, bytes signature)[] items)
    """, returns: "(uint8 failure, uint128 paid)[] results")
  /// Ends a channel: `capture` in all to the payee, who calls it, the rest to the payer's vault.
  ///
  /// Voucher and signature are not looked at when `capture` is what was settled already.
  public static let close = ABIFunction(
    """
    close((address payer, address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint64 openCount) channel, uint128 capture, uint128 cumulativeAmount, \
    bytes signature)
    """, returns: "uint128 paid")
  /// Ends a channel at once with the payee's release; the payer calls it.
  ///
  /// A voucher is needed when `capture` is above what was settled already.
  public static let closeMutual = ABIFunction(
    """
    closeMutual((address payer, address payee, address signer, bytes32 salt, \
    uint32 graceSeconds, uint32 graceBlocks, uint64 openCount) channel, uint128 capture, \
    uint64 validUntil, bytes releaseSignature, uint128 cumulativeAmount, bytes signature)
    """, returns: "uint128 paid")
  /// Starts the grace time; the payer calls it.
  ///
  /// A second request changes nothing.
  public static let requestClose = ABIFunction(
    """
    requestClose((address payer, address payee, address signer, bytes32 salt, \
    uint32 graceSeconds, uint32 graceBlocks, uint64 openCount) channel)
    """)
  /// Ends a channel after the grace time: what is not settled goes to the payer's vault.
  public static let withdraw = ABIFunction(
    """
    withdraw((address payer, address payee, address signer, bytes32 salt, uint32 graceSeconds, \
    uint32 graceBlocks, uint64 openCount) channel)
    """, returns: "uint128 refund")
}

// MARK: - Views

extension ChannelModule {
  /// A payer's free money and the number of its openings.
  public static let vault = ABIFunction(
    "vault(address payer)", returns: "(uint128 balance, uint64 openCount)")
  /// The id of a descriptor on this chain, open or not.
  public static let channelID = ABIFunction(
    """
    channelId((address payer, address payee, address signer, bytes32 salt, \
    uint32 graceSeconds, uint32 graceBlocks, uint64 openCount) channel)
    """, returns: "bytes32 id")
  /// The ids that the payer's next openings with these terms would get, in order.
  public static let nextChannelIDs = ABIFunction(
    """
    nextChannelIds(address payer, (address payee, address signer, bytes32 salt, \
    uint32 graceSeconds, uint32 graceBlocks, uint128 deposit)[] terms)
    """, returns: "bytes32[] ids")
  /// A channel's state; all zero when it is not open.
  public static let channelState = ABIFunction(
    "channelState(bytes32 id)",
    returns: """
      (uint128 settled, uint128 deposit, uint32 closeRequestedAt, uint64 roomBlocksAtRequest, \
      uint64 heightAtRequest)
      """)
  /// The states of many channels, in the order asked.
  public static let channelStates = ABIFunction(
    "channelStates(bytes32[] ids)",
    returns: """
      (uint128 settled, uint128 deposit, uint32 closeRequestedAt, uint64 roomBlocksAtRequest, \
      uint64 heightAtRequest)[] states
      """)
  /// How many blocks with room there have been.
  public static let blocksWithRoom = ABIFunction("blocksWithRoom()", returns: "uint64")
  /// The chain's bounds of the grace times.
  public static let graceBounds = ABIFunction(
    "graceBounds()",
    returns: "(uint32 minSeconds, uint32 maxSeconds, uint32 minBlocks, uint32 maxBlocks)")
  /// What a signer signs for a voucher.
  public static let voucherDigest = ABIFunction(
    "voucherDigest(bytes32 id, uint128 cumulativeAmount)", returns: "bytes32")
  /// What a payee signs for a release.
  public static let releaseDigest = ABIFunction(
    "releaseDigest(bytes32 id, uint128 capture, uint64 validUntil)", returns: "bytes32")
  /// The hash of the EIP-712 domain.
  public static let domainSeparator = ABIFunction("domainSeparator()", returns: "bytes32")
}

// MARK: - Events

extension ChannelModule {
  /// Coin came into a vault; `balance` is the vault's then.
  public static let vaultDeposited = ABIEvent(
    "VaultDeposited(address indexed payer, uint128 amount, uint128 balance)")
  /// Coin left a vault for the payer's balance.
  public static let vaultWithdrawn = ABIEvent(
    "VaultWithdrawn(address indexed payer, uint128 amount, uint128 balance)")
  /// A channel was opened: with the payer and payee, all of its descriptor.
  public static let channelOpened = ABIEvent(
    """
    ChannelOpened(bytes32 indexed id, address indexed payer, address indexed payee, \
    address signer, bytes32 salt, uint32 graceSeconds, uint32 graceBlocks, uint64 openCount, \
    uint128 deposit)
    """)
  /// A deposit was raised to `deposit`, which clears a close request.
  public static let channelToppedUp = ABIEvent(
    """
    ChannelToppedUp(bytes32 indexed id, address indexed payer, address indexed payee, \
    uint128 amount, uint128 deposit)
    """)
  /// The payee got `paid`; `settled` is all it got so far.
  public static let channelSettled = ABIEvent(
    """
    ChannelSettled(bytes32 indexed id, address indexed payer, address indexed payee, \
    uint128 paid, uint128 settled, uint128 deposit)
    """)
  /// The payer asked for the close.
  public static let closeRequested = ABIEvent(
    """
    CloseRequested(bytes32 indexed id, address indexed payer, address indexed payee, \
    uint32 at, uint64 roomBlocks, uint128 settled, uint128 deposit)
    """)
  /// The channel is gone: `settled` is all the payee got, `refund` went to the payer's vault.
  public static let channelClosed = ABIEvent(
    """
    ChannelClosed(bytes32 indexed id, address indexed payer, address indexed payee, \
    uint128 paid, uint128 settled, uint128 refund)
    """)

  /// Every event of the module.
  public static let events = [
    vaultDeposited, vaultWithdrawn, channelOpened, channelToppedUp, channelSettled,
    closeRequested, channelClosed,
  ]
}
