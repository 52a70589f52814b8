/// A channel that we pay through, as the till reckons; amounts in wei.
struct OwnChannel {
  /// Signed in all.
  var signed: UInt128
  /// Owed in all when this session found it, with what an earlier one signed and was shown since.
  var base: UInt128
  /// Up to where the budgets' money is set aside for what is signed on it; nil until it is used.
  var reserved: UInt128?

  /// What is set aside and not signed.
  var locked: UInt128 { reserved.map { $0 > signed ? $0 - signed : 0 } ?? 0 }
}
