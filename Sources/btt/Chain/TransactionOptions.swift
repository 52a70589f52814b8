internal import ArgumentParser
internal import ChainTypes
internal import LedgerRPC
internal import Primitives

/// What of a transaction is fixed instead of left to the node.
struct TransactionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Call data.", valueName: "hex"), transform: Arguments.data)
  var data: [UInt8]?

  @Option(
    help: ArgumentHelp(
      "Type: 0 (legacy), 1 (access list) or 2 (base fee and tip).", valueName: "type"))
  var type: UInt8 = 2

  @Option(help: ArgumentHelp("Refuse to send on another chain than this.", valueName: "id"))
  var chainId: UInt64?

  @Option(help: ArgumentHelp("Nonce; that of one that waits replaces it.", valueName: "number"))
  var nonce: UInt64?

  @Option(help: ArgumentHelp("Gas to buy.", valueName: "gas"))
  var gasLimit: UInt64?

  @Option(
    help: ArgumentHelp("Price of gas, for types 0 and 1.", valueName: "amount"),
    transform: Arguments.gasPrice)
  var gasPrice: Amount?

  @Option(
    help: ArgumentHelp("The most to pay for gas, for type 2.", valueName: "amount"),
    transform: Arguments.gasPrice)
  var maxFee: Amount?

  @Option(
    help: ArgumentHelp("Tip for the block's maker, for type 2.", valueName: "amount"),
    transform: Arguments.gasPrice)
  var tip: Amount?

  func validate() throws {
    guard let kind = Transaction.Kind(rawValue: type) else {
      throw ValidationError("--type is 0, 1 or 2")
    }
    if kind == .dynamicFee, gasPrice != nil {
      throw ValidationError("--gas-price goes with --type 0 and 1: give --max-fee and --tip")
    }
    if kind != .dynamicFee, maxFee != nil || tip != nil {
      throw ValidationError("--max-fee and --tip go with --type 2: give --gas-price")
    }
  }

  func request(from sender: Address, to receiver: Address, amount: Amount) -> TransactionRequest {
    var request = TransactionRequest(from: sender, to: receiver, value: amount.wei)
    request.data = data ?? []
    request.kind = Transaction.Kind(rawValue: type) ?? .dynamicFee
    request.chainID = chainId
    request.nonce = nonce
    request.gasLimit = gasLimit
    request.maxFeePerGas = (gasPrice ?? maxFee)?.wei
    request.maxPriorityFeePerGas = tip?.wei
    return request
  }
}
