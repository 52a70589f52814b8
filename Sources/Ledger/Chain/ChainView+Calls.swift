public import ChainTypes
public import Primitives

/// Why a call could not even be tried.
public enum CallError: Error, Hashable, Sendable {
  /// The sender cannot pay value and gas.
  case insufficientFunds(have: UInt256, want: UInt256)
  /// The gas given does not cover what is due before anything runs.
  case intrinsicGasTooLow(have: UInt64, want: UInt64)
  /// The call creates a contract.
  case noBytecode
  /// Even all the gas allowed is not enough.
  case gasRequiredExceedsAllowance(UInt64)
}

extension CallError: CustomStringConvertible {
  /// The cause, in the words that Ethereum libraries look for.
  public var description: String {
    switch self {
    case .insufficientFunds(let have, let want):
      "insufficient funds for gas * price + value: have \(have) want \(want)"
    case .intrinsicGasTooLow(let have, let want):
      "intrinsic gas too low: have \(have), want \(want)"
    case .noBytecode: "no bytecode on this chain: contracts cannot be created"
    case .gasRequiredExceedsAllowance(let allowance):
      "gas required exceeds allowance (\(allowance))"
    }
  }
}

extension ChainView {
  /// The most gas a call may use that names none.
  public static let callGasCap: UInt64 = 50_000_000

  /// Tries a call on the state after a block; nothing is kept.
  ///
  /// - Throws: `CallError`, `LedgerError` for a height that cannot be read, or the store's error.
  public func call(_ request: CallRequest, at number: UInt64) throws -> CallOutcome {
    try run(request, gas: min(request.gas ?? Self.callGasCap, Self.callGasCap), at: number).outcome
  }

  /// The least gas limit with which a transaction like the request would run to its end.
  ///
  /// - Returns: the gas, or the outcome of a call that fails with any gas.
  /// - Throws: as `call`.
  public func estimateGas(
    _ request: CallRequest, at number: UInt64
  ) throws -> Result<UInt64, CallOutcomeFailure> {
    let cap = min(request.gas ?? genesis.gasLimit, genesis.gasLimit, Self.callGasCap)
    var allowance = cap
    if !request.gasPrice.isZero {
      let trial = try trial(of: request, gas: cap, at: number)
      guard let rest = trial.funds.subtracting(request.value),
        let affordable = rest.divided(by: request.gasPrice)
      else { throw CallError.insufficientFunds(have: trial.funds, want: request.value) }
      allowance = min(trial.draft.gasLimit, UInt64(exactly: affordable) ?? .max)
    }
    let outcome: CallOutcome
    do {
      outcome = try run(request, gas: allowance, at: number).outcome
    } catch CallError.intrinsicGasTooLow {
      throw CallError.gasRequiredExceedsAllowance(allowance)
    }
    switch outcome.status {
    case .succeeded: return .success(outcome.gasUsed)
    case .outOfGas: throw CallError.gasRequiredExceedsAllowance(allowance)
    case .reverted, .insufficientBalance: return .failure(CallOutcomeFailure(outcome: outcome))
    }
  }

  /// The addresses and slots that a call touches besides its sender and receiver, and the gas it
  /// uses when they are listed.
  ///
  /// - Throws: as `call`.
  public func accessList(
    _ request: CallRequest, at number: UInt64
  ) throws -> (list: [AccessListEntry], outcome: CallOutcome) {
    let gas = min(request.gas ?? Self.callGasCap, Self.callGasCap)
    let (_, overlay) = try run(request, gas: gas, at: number)
    let list = overlay.touched.compactMap { address, slots -> AccessListEntry? in
      let isImplied = address == request.from || address == request.to
      return isImplied && slots.isEmpty
        ? nil : AccessListEntry(address: address, storageKeys: slots)
    }
    var listed = request
    listed.accessList = list
    return (list, try run(listed, gas: gas, at: number).outcome)
  }

  /// A call about to be tried.
  private struct Trial {
    let overlay: StateOverlay
    let context: BlockContext
    var draft: Transaction
    /// What its sender can pay with: the balance, and what the call pays when that counts too.
    var funds: UInt256
    var isOnCredit = false
  }

  private func trial(of request: CallRequest, gas: UInt64, at number: UInt64) throws -> Trial {
    guard let header = try header(number) else {
      throw LedgerError(.notFound, "block \(number) does not exist; the head is \(head.number)")
    }
    guard let to = request.to else { throw CallError.noBytecode }
    let overlay = StateOverlay(over: try state(at: number))
    try apply(request.overrides, to: overlay)
    let context = BlockContext(
      chainID: genesis.chainID, number: number, timestamp: header.timestamp,
      baseFee: header.baseFeePerGas, feeRecipient: header.feeRecipient, gasLimit: header.gasLimit)
    let draft = Transaction(
      chainID: genesis.chainID, nonce: 0, gasPrice: request.gasPrice, gasLimit: gas, to: to,
      value: request.value, data: request.data, accessList: request.accessList)
    // A transaction would raise the sender's nonce before anything else.
    let sender = try overlay.account(request.from) ?? Account(nonce: 1)
    try overlay.setAccount(request.from, sender)
    var trial = Trial(overlay: overlay, context: context, draft: draft, funds: sender.balance)
    guard let lane = executor.lane, draft.maximumCost ?? .max > sender.balance else { return trial }
    trial.draft.gasLimit = min(gas, lane.gas)
    let payouts = try lane.payouts(of: trial.draft, to: request.from, in: context, on: overlay)
    if let payouts {
      trial.funds = sender.balance.adding(payouts) ?? .max
      trial.isOnCredit = true
    } else {
      trial.draft.gasLimit = gas
    }
    return trial
  }

  private func run(
    _ request: CallRequest, gas: UInt64, at number: UInt64
  ) throws -> (outcome: CallOutcome, overlay: StateOverlay) {
    let trial = try trial(of: request, gas: gas, at: number)
    let draft = trial.draft
    guard let to = draft.to, let intrinsic = draft.intrinsicGas, intrinsic <= draft.gasLimit else {
      throw CallError.intrinsicGasTooLow(have: gas, want: draft.intrinsicGas ?? .max)
    }
    guard let want = draft.maximumCost, want <= trial.funds else {
      throw CallError.insufficientFunds(have: trial.funds, want: draft.maximumCost ?? .max)
    }
    var outcome = try executor.call(
      Message(
        from: request.from, to: to, value: request.value, data: request.data,
        gas: draft.gasLimit - intrinsic),
      in: trial.context, on: trial.overlay)
    outcome.gasUsed += intrinsic
    if trial.isOnCredit, outcome.succeeded {
      let fee = request.gasPrice &* UInt256(outcome.gasUsed)
      let have = try trial.overlay.account(request.from)?.balance ?? .zero
      guard fee <= have else { throw CallError.insufficientFunds(have: have, want: fee) }
    }
    return (outcome, trial.overlay)
  }

  private func apply(_ overrides: [Address: StateOverride], to overlay: StateOverlay) throws {
    for (address, override) in overrides {
      var account = try overlay.account(address) ?? Account()
      account.balance = override.balance ?? account.balance
      account.nonce = override.nonce ?? account.nonce
      try overlay.setAccount(address, account)
      for (slot, word) in override.slots { try overlay.setStorage(address, slot, word) }
    }
  }
}

/// A call that fails however much gas it gets.
public struct CallOutcomeFailure: Error, Hashable, Sendable {
  /// How it ended.
  public var outcome: CallOutcome
}
