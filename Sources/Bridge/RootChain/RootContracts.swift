package import ChainTypes
package import Primitives

// What only the bridge's own commands and doctors ask of the root contracts.
extension RootContracts {
  package static let setManager = ABIFunction("setManager(address)")
  package static let senderManager = ABIFunction("manager()", returns: "address")
  package static let mint = ABIFunction("mint(address,uint256)")
  package static let approve = ABIFunction("approve(address,uint256)", returns: "bool")
  package static let allowance = ABIFunction("allowance(address,address)", returns: "uint256")
  package static let balanceOf = ABIFunction("balanceOf(address)", returns: "uint256")
  package static let decimals = ABIFunction("decimals()", returns: "uint8")
  package static let symbol = ABIFunction("symbol()", returns: "string")
  package static let weightOf = ABIFunction("weightOf(uint64,address)", returns: "uint256")
  package static let totalWeight = ABIFunction("totalWeight()", returns: "uint256")
  package static let sidechainID = ABIFunction("SIDECHAIN_ID()", returns: "uint256")
  package static let rootID = ABIFunction("ROOT_ID()", returns: "uint64")
  package static let claimReadyAt = ABIFunction("claimReadyAt(bytes32)", returns: "uint256")
  package static let paused = ABIFunction("paused()", returns: "bool")
  package static let stateSender = ABIFunction("STATE_SENDER()", returns: "address")
  package static let checkpoints = ABIFunction("CHECKPOINTS()", returns: "address")
  package static let scheduleChange = ABIFunction("scheduleChange(bytes)")
  package static let makeChange = ABIFunction("makeChange(bytes)")
  package static let mapToken = ABIFunction(
    "mapToken(address,string,string,uint8,(uint256,uint256,uint256))")
}

extension ABIFunction {
  /// A call without arguments.
  package var plainCall: [UInt8] { withUnsafeBytes(of: selector.bigEndian) { Array($0) } }
}

/// A checkpoint that the root contract has accepted.
package struct AcceptedCheckpoint: Hashable, Sendable {
  package var id: UInt64
  package var outboxRoot: Hash256
  package var endBlockHash: Hash256
  package var endHeight: UInt64
  package var outboxCount: UInt64
  package var epoch: UInt64
  /// In seconds since 1970.
  package var acceptedAt: UInt64
}
