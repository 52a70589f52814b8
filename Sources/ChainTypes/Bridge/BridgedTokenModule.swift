public import Primitives

/// The ABI of a bridged token: ERC-20's, and the way back.
public enum BridgedTokenModule {
  /// The root chain that the token is of.
  public static let rootID = ABIFunction("rootId()", returns: "uint64")
  /// The token there.
  public static let rootToken = ABIFunction("rootToken()", returns: "address")
  /// ERC-20.
  public static let name = ABIFunction("name()", returns: "string")
  /// ERC-20.
  public static let symbol = ABIFunction("symbol()", returns: "string")
  /// ERC-20.
  public static let decimals = ABIFunction("decimals()", returns: "uint8")
  /// ERC-20.
  public static let totalSupply = ABIFunction("totalSupply()", returns: "uint256")
  /// ERC-20.
  public static let balanceOf = ABIFunction("balanceOf(address account)", returns: "uint256")
  /// ERC-20.
  public static let transfer = ABIFunction("transfer(address to, uint256 value)", returns: "bool")
  /// ERC-20.
  public static let allowance = ABIFunction(
    "allowance(address owner, address spender)", returns: "uint256")
  /// ERC-20.
  public static let approve = ABIFunction(
    "approve(address spender, uint256 value)", returns: "bool")
  /// ERC-20.
  public static let transferFrom = ABIFunction(
    "transferFrom(address from, address to, uint256 value)", returns: "bool")

  /// ERC-20.
  public static let transferEvent = ABIEvent(
    "Transfer(address indexed from, address indexed to, uint256 value)")
  /// ERC-20.
  public static let approvalEvent = ABIEvent(
    "Approval(address indexed owner, address indexed spender, uint256 value)")
}
