package import ChainTypes
package import Primitives

/// Runs transactions and calls on an overlay: the one executor behind building, validating,
/// replaying, `eth_call` and `eth_estimateGas`.
package struct Executor: Sendable {
  let genesis: Genesis
  /// What blocks keep for payees; nil on a chain without payment channels.
  let lane: ChannelLane?

  /// An executor under a chain's rules.
  package init(genesis: Genesis) {
    self.genesis = genesis
    lane = ChannelLane(genesis)
  }

  /// Runs a transaction as part of a block that has room for it.
  ///
  /// - Throws: `TransactionRejection` when it cannot stand there, with nothing changed; or the
  ///   store's error.
  func run(
    _ signed: SignedTransaction, from sender: Address, in block: BlockContext,
    on state: StateOverlay
  ) throws -> CallOutcome {
    let transaction = signed.transaction
    let start = state.checkpoint()
    let terms = try check(transaction, from: sender, in: block, on: state)
    guard let receiver = transaction.to, let intrinsic = transaction.intrinsicGas else {
      throw TransactionRejection.noBytecode
    }
    if !terms.isOnCredit {
      _ = try state.debit(sender, terms.price &* UInt256(transaction.gasLimit))
    }
    // At a price of nothing even a sender without an account can be here.
    var account = try state.account(sender) ?? Account()
    account.nonce += 1
    try state.setAccount(sender, account)
    var outcome = try call(
      Message(
        from: sender, to: receiver, value: transaction.value, data: transaction.data,
        gas: transaction.gasLimit - intrinsic),
      in: block, on: state)
    outcome.gasUsed += intrinsic
    if terms.isOnCredit {
      let fee = terms.price &* UInt256(outcome.gasUsed)
      guard try state.debit(sender, fee) else {
        let balance = try state.account(sender)?.balance ?? .zero
        state.revert(to: start)
        throw TransactionRejection.payoutsTooLow(sender: sender, have: balance, want: fee)
      }
    } else {
      let unused = UInt256(transaction.gasLimit - outcome.gasUsed)
      // It was in the sender's balance, so it fits there.
      _ = try state.credit(sender, terms.price &* unused)
    }
    try payFee(gasUsed: outcome.gasUsed, price: terms.price, in: block, on: state)
    outcome.logs = state.takeLogs()
    return outcome
  }

  /// On what terms a transaction gets its gas.
  private struct GasTerms {
    /// Wei per gas.
    var price: UInt256
    /// Whether the fee is taken from what the call pays its sender, instead of beforehand.
    var isOnCredit: Bool
  }

  /// What a transaction must hold before it runs.
  private func check(
    _ transaction: Transaction, from sender: Address, in block: BlockContext,
    on state: StateOverlay
  ) throws -> GasTerms {
    let account = try state.account(sender) ?? Account()
    guard transaction.chainID == block.chainID else {
      throw TransactionRejection.wrongChain(have: transaction.chainID, want: block.chainID)
    }
    guard transaction.to != nil else { throw TransactionRejection.noBytecode }
    do throws(TransactionError) { try transaction.checkStateless() } catch {
      throw TransactionRejection.invalid(error)
    }
    guard !account.hasCode else { throw TransactionRejection.senderHasCode(sender) }
    if transaction.nonce < account.nonce {
      throw TransactionRejection.nonceTooLow(
        sender: sender, have: transaction.nonce, next: account.nonce)
    }
    if transaction.nonce > account.nonce {
      throw TransactionRejection.nonceTooHigh(
        sender: sender, have: transaction.nonce, next: account.nonce)
    }
    guard transaction.maxFeePerGas >= block.baseFee else {
      throw TransactionRejection.feeCapBelowBaseFee(
        have: transaction.maxFeePerGas, want: block.baseFee)
    }
    let cost = transaction.maximumCost ?? .max
    let isOnCredit = cost > account.balance
    if isOnCredit {
      let payouts = try lane?.payouts(of: transaction, to: sender, in: block, on: state)
      let funds = account.balance.adding(payouts ?? .zero) ?? .max
      guard payouts != nil, cost <= funds else {
        throw TransactionRejection.insufficientFunds(sender: sender, have: funds, want: cost)
      }
    }
    return GasTerms(
      price: transaction.effectiveGasPrice(baseFee: block.baseFee), isOnCredit: isOnCredit)
  }

  /// Pays the fee to where the chain's rules send it.
  private func payFee(
    gasUsed: UInt64, price: UInt256, in block: BlockContext, on state: StateOverlay
  ) throws {
    let used = UInt256(gasUsed)
    let base = block.baseFee &* used
    // None of these can overflow: all of it was in the sender's balance, and Σ balances fits.
    _ = try state.credit(block.feeRecipient, (price &- block.baseFee) &* used)
    switch genesis.fees.baseFeeDestination {
    case .burn: state.burned = state.burned &+ base
    case .treasury: _ = try state.credit(genesis.fees.treasury, base)
    case .proposer: _ = try state.credit(block.feeRecipient, base)
    }
  }

  /// Runs a call: moves its value, then runs the module at the receiver if there is one.
  package func call(
    _ message: Message, in block: BlockContext, on state: StateOverlay
  ) throws -> CallOutcome {
    let checkpoint = state.checkpoint()
    let module = try module(at: message.to, on: state)
    if module == nil || !message.value.isZero {
      guard try state.debit(message.from, message.value) else {
        return CallOutcome(status: .insufficientBalance, output: [], gasUsed: 0, logs: [])
      }
      guard try state.credit(message.to, message.value) else {
        state.revert(to: checkpoint)
        return CallOutcome(status: .insufficientBalance, output: [], gasUsed: 0, logs: [])
      }
    }
    guard let module else {
      return CallOutcome(status: .succeeded, output: [], gasUsed: 0, logs: state.logs)
    }
    var call = ModuleCall(message: message, block: block, genesis: genesis, state: state)
    do {
      let output = try module.run(&call)
      return CallOutcome(
        status: .succeeded, output: output, gasUsed: call.gasUsed, logs: state.logs)
    } catch let failure as ModuleFailure {
      state.revert(to: checkpoint)
      switch failure {
      case .reverted(let reason):
        return CallOutcome(status: .reverted, output: reason, gasUsed: call.gasUsed, logs: [])
      case .outOfGas:
        return CallOutcome(status: .outOfGas, output: [], gasUsed: message.gas, logs: [])
      }
    }
  }

  private func module(at address: Address, on state: StateOverlay) throws -> NativeModule? {
    guard let account = try state.account(address), account.hasCode,
      let kind = ModuleKind(markerCode: try state.code(account.codeHash))
    else { return nil }
    return NativeModule.of(kind)
  }
}

/// A call as the executor gets it.
package struct Message: Sendable {
  /// Who calls.
  package var from: Address
  /// Who is called.
  package var to: Address
  /// The money sent along, in wei.
  package var value: UInt256
  /// The call data.
  package var data: [UInt8]
  /// The gas the call may use.
  package var gas: UInt64
  /// Whether nothing may change.
  package var isStatic = false

  /// A call.
  package init(
    from: Address, to: Address, value: UInt256, data: [UInt8], gas: UInt64, isStatic: Bool = false
  ) {
    self.from = from
    self.to = to
    self.value = value
    self.data = data
    self.gas = gas
    self.isStatic = isStatic
  }
}
