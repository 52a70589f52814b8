internal import ChainTypes
internal import Ledger

extension ChainView {
  /// The height that a parameter names, or nil when there is no such block.
  ///
  /// A committed block never reverts, so the newest is the safe, the final and the pending one.
  func height(of parameter: BlockParameter) throws -> UInt64? {
    switch parameter {
    case .latest, .safe, .finalized, .pending: head.number
    case .earliest: 0
    case .number(let number): number <= head.number ? number : nil
    case .hash(let hash, _): try number(of: hash)
    }
  }

  /// The height whose state a parameter names.
  ///
  /// - Throws: `RPCError` with geth's words when there is no such block.
  func stateHeight(of parameter: BlockParameter) throws -> UInt64 {
    if let height = try height(of: parameter) { return height }
    if case .hash = parameter { throw RPCError.server("header for hash not found") }
    throw RPCError.server("header not found")
  }

  /// The state that a parameter names.
  func state(of parameter: BlockParameter) throws -> any StateReader {
    try state(at: try stateHeight(of: parameter))
  }
}
