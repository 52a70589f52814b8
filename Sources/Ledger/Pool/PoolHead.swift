internal import ChainTypes
package import Primitives

/// What the pool knows of the chain: its rules, and the accounts at one height.
package struct PoolHead: Sendable {
  /// The height.
  package var number: UInt64
  /// The chain id.
  package var chainID: UInt64
  /// The gas limit of every block.
  package var gasLimit: UInt64
  /// The base fee of the next block.
  package var baseFee: UInt256
  /// What the base fee never falls below.
  package var baseFeeFloor: UInt256
  /// What there is for transactions that pay their fees from payouts; nil on a chain without
  /// payment channels.
  package var credit: PoolCredit?
  /// Reads an account at the height.
  package var account: @Sendable (Address) throws -> Account?

  /// A head.
  package init(
    number: UInt64, chainID: UInt64, gasLimit: UInt64, baseFee: UInt256, baseFeeFloor: UInt256,
    credit: PoolCredit? = nil,
    account: @escaping @Sendable (Address) throws -> Account?
  ) {
    self.number = number
    self.chainID = chainID
    self.gasLimit = gasLimit
    self.baseFee = baseFee
    self.baseFeeFloor = baseFeeFloor
    self.credit = credit
    self.account = account
  }

  /// The head of a view.
  init(_ view: ChainView) {
    let state = view.state
    self.init(
      number: view.head.number, chainID: view.genesis.chainID, gasLimit: view.genesis.gasLimit,
      baseFee: view.nextBaseFee, baseFeeFloor: view.genesis.fees.baseFeeFloor,
      credit: PoolCredit(view)
    ) { try state.account($0) }
  }

  /// Checks all that needs no account.
  func check(_ transaction: Transaction, minimumTip: UInt256) throws(PoolError) {
    do throws(TransactionError) {
      try transaction.checkStateless()
    } catch {
      throw .invalid(error)
    }
    guard transaction.chainID == chainID else {
      throw .rejected(.wrongChain(have: transaction.chainID, want: chainID))
    }
    guard transaction.to != nil else { throw .rejected(.noBytecode) }
    let limit = credit?.lane.gasLimit(of: transaction) ?? gasLimit
    guard transaction.gasLimit <= limit else {
      throw .exceedsBlockGasLimit(have: transaction.gasLimit, limit: limit)
    }
    guard transaction.maxFeePerGas >= baseFeeFloor else {
      throw .belowFeeFloor(feeCap: transaction.maxFeePerGas, floor: baseFeeFloor)
    }
    guard transaction.maxPriorityFeePerGas >= minimumTip else {
      throw .tipTooLow(have: transaction.maxPriorityFeePerGas, want: minimumTip)
    }
  }
}
