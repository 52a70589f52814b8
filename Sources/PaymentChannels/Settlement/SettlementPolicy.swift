/// When a channel's money is fetched.
package enum SettlementPolicy {
  /// Why money is fetched now.
  package enum Reason: Hashable {
    /// The payer asked for the close.
    case closeRequested
    /// Enough has gathered.
    case gathered
    /// Most of the deposit is used.
    case used
    /// It has been a day.
    case interval
  }

  /// What a decision is made from; amounts in wei.
  package struct Position: Hashable {
    /// What cashing would bring.
    package var unsettled: UInt128
    /// Paid out so far.
    package var settled: UInt128
    /// Locked since the opening.
    package var deposit: UInt128
    /// The time since the last cashing.
    package var age: Duration
    /// Whether the payer asked for the close.
    package var isClosing: Bool
    /// The fee of a transaction for this channel alone.
    package var fee: UInt128

    package init(
      unsettled: UInt128, settled: UInt128, deposit: UInt128, age: Duration, isClosing: Bool,
      fee: UInt128
    ) {
      self.unsettled = unsettled
      self.settled = settled
      self.deposit = deposit
      self.age = age
      self.isClosing = isClosing
      self.fee = fee
    }
  }

  /// Why to cash now, or nil to wait.
  package static func reason(_ position: Position, _ configuration: ChannelConfiguration) -> Reason?
  {
    // What costs more than it brings is never fetched, not even at a close: or dust would be a
    // way to make a payee spend.
    guard position.unsettled > position.fee else { return nil }
    if position.isClosing { return .closeRequested }
    let (wanted, overflow) = position.fee.multipliedReportingOverflow(
      by: configuration.settlementFeeFactor)
    if !overflow, position.unsettled >= max(wanted, configuration.settlementFloor, 1) {
      return .gathered
    }
    // Deposits stay below 2^112, so that hundredfold they fit.
    let mark = position.deposit * configuration.settlementUsePercent / 100
    let paid = position.settled + position.unsettled
    if paid >= mark, position.settled < mark || paid == position.deposit { return .used }
    return position.age >= configuration.settlementInterval ? .interval : nil
  }
}
