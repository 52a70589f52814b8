public import Primitives

/// What BTT's module at 0x…1010 has for the bridge: withdrawals and the outboxes.
public enum WithdrawalModule {
  /// Where the module stands: the outbox that leaves name.
  public static let address = Genesis.reserveAddress
  /// The most withdrawals that `withdrawals` gives at once.
  public static let maximumPageCount: UInt64 = 256

  /// Sends the caller's coin back to a root chain.
  public static let withdrawTo = ABIFunction(
    "withdrawTo(uint64 rootId, address to, uint256 amount)", returns: "uint64 index")
  /// The same to the home root, as BTTC's tokens have it.
  public static let withdrawToHome = ABIFunction(
    "withdrawTo(address to, uint256 amount)", returns: "uint64 index")

  /// The root and the count of an outbox.
  public static let outbox = ABIFunction(
    "outbox(uint64 rootId)", returns: "(bytes32 root, uint64 count)")
  /// The root of an outbox when it had so many leaves; zero where it never had.
  public static let outboxRoot = ABIFunction(
    "outboxRoot(uint64 rootId, uint64 count)", returns: "bytes32")
  /// A leaf's content; zeros where there is none.
  public static let withdrawal = ABIFunction(
    "withdrawal(uint64 rootId, uint64 index)",
    returns: "(address rootToken, address receiver, uint256 amount, uint64 height)")
  /// Up to 256 leaves' contents from `first` on.
  public static let withdrawals = ABIFunction(
    "withdrawals(uint64 rootId, uint64 first, uint64 count)",
    returns: "(address rootToken, address receiver, uint256 amount, uint64 height)[] items")
  /// BTT that came from a root chain less what went back.
  public static let book = ABIFunction("book(uint64 rootId)", returns: "uint256")

  /// A token's event at a withdrawal, as BTTC has it: the first topic is the receiver on the root
  /// chain, the second is zero.
  public static let withdrawToEvent = ABIEvent(
    "WithdrawTo(address indexed from, address indexed to, uint256 amount)")
  /// A leaf was appended to an outbox; `sender` burned for it, or is the state receiver at a refund.
  public static let withdrawalAdded = ABIEvent(
    """
    WithdrawalAdded(uint64 indexed rootId, uint64 indexed index, address indexed sender, \
    address rootToken, address receiver, uint256 amount)
    """)
}
