internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Calls that are only tried: `eth_call`, `eth_estimateGas`, `eth_createAccessList`.
struct CallMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let chainID = backend.chain.genesis.chainID
    let limits = backend.limits
    table.readAside("eth_call", parameters: 4, of: backend) { view, params in
      let request = try CallArguments.request(
        params, chainID: chainID, overrides: 2, limits: limits)
      let outcome = try view.call(request, at: try view.stateHeight(of: try params.block(1)))
      if let error = RPCError(failed: outcome) { throw error }
      return .string(Hex.encode(outcome.output))
    }
    table.readAside("eth_estimateGas", parameters: 4, of: backend) { view, params in
      let request = try CallArguments.request(
        params, chainID: chainID, overrides: 2, limits: limits)
      let height = try view.stateHeight(of: try params.block(1))
      switch try view.estimateGas(request, at: height) {
      case .success(let gas): return .string(Hex.quantity(gas))
      case .failure(let failure): throw RPCError(failed: failure.outcome) ?? .internal
      }
    }
    table.readAside("eth_createAccessList", parameters: 3, of: backend) { view, params in
      let request = try CallArguments.request(
        params, chainID: chainID, overrides: nil, limits: limits)
      let height = try view.stateHeight(of: try params.block(1))
      let (list, outcome) = try view.accessList(request, at: height)
      var reply = ReplyWriter()
      reply.object { reply in
        reply.key("accessList")
        reply.accessList(list)
        if let error = RPCError(failed: outcome) { reply.member("error", error.message) }
        reply.member("gasUsed", outcome.gasUsed)
      }
      return reply.result
    }
  }
}

extension RPCError {
  /// The error of a call that failed, nil of one that did not.
  init?(failed outcome: CallOutcome) {
    switch outcome.status {
    case .succeeded: return nil
    case .reverted:
      self = .reverted(
        reason: ABIRevert(decoding: outcome.output)?.description, data: outcome.output)
    case .outOfGas: self = .server("out of gas")
    case .insufficientBalance: self = .server("insufficient balance for transfer")
    }
  }
}
