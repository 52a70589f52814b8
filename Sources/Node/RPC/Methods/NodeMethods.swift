internal import ChainTypes
internal import Ledger
internal import LedgerRPC

/// All JSON-RPC methods of a node.
public enum NodeMethods {
  /// The methods over a backend.
  public static func table(for backend: NodeBackend) -> RPCMethodTable {
    var table = RPCMethodTable()
    NetMethods(backend: backend).register(in: &table)
    BlockMethods(backend: backend).register(in: &table)
    TransactionMethods(backend: backend).register(in: &table)
    StateMethods(backend: backend).register(in: &table)
    CallMethods(backend: backend).register(in: &table)
    LogMethods(backend: backend).register(in: &table)
    FilterMethods(backend: backend).register(in: &table)
    FeeMethods(backend: backend).register(in: &table)
    PoolMethods(backend: backend).register(in: &table)
    DebugMethods(backend: backend).register(in: &table)
    BTTMethods(backend: backend).register(in: &table)
    return table
  }
}

extension RPCMethodTable {
  typealias Read = @Sendable (ChainView, RPCParams) throws -> RPCResult

  /// Adds a method that reads the newest view and is done in microseconds.
  mutating func read(
    _ name: String, parameters: Int, of backend: NodeBackend, _ body: @escaping Read
  ) {
    add(name, parameters: parameters) { [chain = backend.chain] _, params in
      try RPCError.wrapping { try body(chain.view, params) }
    }
  }

  /// Adds a method that reads the newest view and may take its time, away from the connections.
  mutating func readAside(
    _ name: String, parameters: Int, of backend: NodeBackend, _ body: @escaping Read
  ) {
    addAsynchronous(name, parameters: parameters) { [chain = backend.chain] _, params in
      try RPCError.wrapping { try body(chain.view, params) }
    }
  }
}

extension RPCError {
  /// Runs `body`, and tells its errors as JSON-RPC does; those that are the node's own pass as
  /// they are.
  static func wrapping<Value>(_ body: () throws -> Value) throws -> Value {
    do { return try body() } catch { throw RPCError(describing: error) ?? error }
  }

  /// The same for what waits.
  static func wrapping<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch { throw RPCError(describing: error) ?? error }
  }

  /// The error of a reply, or nil when the cause is none of the caller's business.
  init?(describing error: any Error) {
    switch error {
    case let error as RPCError: self = error
    case let error as LedgerError where error.code == .pruned: self = .pruned(error.message)
    case let error as LedgerError where error.code == .notFound: self = .server(error.message)
    case let error as CallError: self = .server(error.description)
    case PoolError.stateUnavailable: return nil
    case let error as PoolError: self = .server(error.description)
    case let error as TransactionError: self = .server(error.description)
    case JSONRPCClientError.rpc(let error): self = error
    case is JSONRPCClientError:
      // Where that node is, is none of the caller's business.
      self = .server("the node that makes blocks does not answer: try again later")
    default: return nil
    }
  }
}
