package import ChainTypes

extension LedgerClientError {
  static func untrusted(_ message: String) -> LedgerClientError {
    LedgerClientError(.untrusted, message)
  }

  init(_ error: JSONRPCClientError) {
    switch error {
    case .rpc(let cause): self.init(refusal: cause)
    case .malformedReply, .replyTooLarge: self.init(.untrusted, error.description)
    case .invalidEndpoint, .transport, .timeout, .http:
      self.init(.unreachable, error.description)
    }
  }

  /// What a node's refusal comes to, by the words that all nodes use.
  package init(refusal: RPCError) {
    let words: [(String, Code)] = [
      ("nonce too low", .nonceTooLow), ("underpriced", .underpriced),
      // What passes by itself is no refusal.
      ("try again", .unreachable), ("is full", .unreachable),
      ("account limit exceeded", .unreachable), ("wait until", .unreachable),
      ("insufficient funds", .insufficientFunds), ("exceeds allowance", .insufficientFunds),
    ]
    if let (_, code) = words.first(where: { refusal.message.contains($0.0) }) {
      self.init(code, "the node answers: \(refusal.message)")
    } else {
      let isAnswer = refusal.code == -32000 || refusal.code == 3
      self.init(isAnswer ? .refused : .unreachable, "the node answers: \(refusal)")
    }
  }
}
