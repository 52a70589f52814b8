internal import ChainTypes
internal import JSON
public import Logging

/// JSON-RPC 2.0 without the transport: the bytes of a request in, those of the reply out.
///
/// Calls whose methods all answer at once are done within `begin`; the others are handed back as
/// work for a task, so that a server pays for a task only where one is needed.
public struct JSONRPCProcessor: Sendable {
  /// The bounds within which requests are served.
  public struct Limits: Sendable {
    /// How many calls a batch may have.
    public var maximumBatchItems = 1_000
    /// How many bytes a reply may have; in a batch, the calls from there on get an error each.
    public var maximumReplyBytes = 25_000_000
    /// How long a request may take; methods are cancelled then, and answered for.
    public var timeout = Duration.seconds(30)
    /// How many calls of a batch are at most done at once on the thread that reads.
    public var maximumImmediateItems = 16
    /// How JSON is limited.
    public var maximumDepth = 64

    /// The limits that geth has.
    public init() {}
  }

  /// What became of a request.
  public enum Outcome: Sendable {
    /// It is done; without bytes when only notifications came, which get no reply.
    case reply([UInt8]?)
    /// It needs a task: `run` gives the reply.
    case work(Work)
  }

  /// A request that waits for a task to run it.
  public struct Work: Sendable {
    let processor: JSONRPCProcessor
    let requests: [JSONRPCRequest]
    let isBatch: Bool
    let context: RPCRequestContext

    /// Runs the calls within the time-out and gives the reply, if there is to be one.
    ///
    /// Cancelling the task has the effect of the time-out: calls that are not done get an error.
    public func run() async -> [UInt8]? { await processor.run(self) }
  }

  let methods: RPCMethodTable
  let limits: Limits
  let logger: Logger
  let sleep: @Sendable (Duration) async throws -> Void

  /// A processor of `methods`; `sleep` is what measures the time-out.
  public init(
    methods: RPCMethodTable, limits: Limits = Limits(), logger: Logger,
    sleep: @escaping @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
  ) {
    self.methods = methods
    self.limits = limits
    self.logger = logger
    self.sleep = sleep
  }

  /// Serves a request to its end.
  public func process(_ body: [UInt8], context: RPCRequestContext) async -> [UInt8]? {
    switch begin(body, context: context) {
    case .reply(let bytes): bytes
    case .work(let work): await work.run()
    }
  }

  /// Serves a request as far as it goes without waiting.
  public func begin(_ body: [UInt8], context: RPCRequestContext) -> Outcome {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONValue.parse(body, limits: JSONLimits(maximumDepth: limits.maximumDepth))
    } catch {
      return .refuse(.parse(error))
    }
    guard case .array(let items) = value else {
      return begin([JSONRPCRequest(value)], isBatch: false, context: context)
    }
    if items.isEmpty { return .refuse(.invalidRequest("empty batch")) }
    guard items.count <= limits.maximumBatchItems else {
      let requests = items.prefix(limits.maximumBatchItems).lazy.map { JSONRPCRequest($0) }
      let id = requests.compactMap(\.id).first { !$0.isNull } ?? .null
      var reply = BatchReply(isBatch: true)
      reply.append(.failure(.invalidRequest("batch too large")), id: id, limit: .max)
      return .reply(reply.finish())
    }
    return begin(items.map { JSONRPCRequest($0) }, isBatch: true, context: context)
  }

  private func begin(
    _ requests: [JSONRPCRequest], isBatch: Bool, context: RPCRequestContext
  ) -> Outcome {
    guard requests.count <= limits.maximumImmediateItems, requests.allSatisfy(isImmediate) else {
      return .work(Work(processor: self, requests: requests, isBatch: isBatch, context: context))
    }
    var reply = BatchReply(isBatch: isBatch)
    for request in requests {
      let outcome =
        reply.isFull ? .failure(.responseTooLarge) : runImmediately(request, context)
      reply.append(outcome, id: request.id, limit: limits.maximumReplyBytes)
    }
    return .reply(reply.finish())
  }

  private func isImmediate(_ request: JSONRPCRequest) -> Bool {
    guard case .call(let name, _) = request.body, case .asynchronous = methods[name]?.handler else {
      return true
    }
    return false
  }

  // MARK: - One call

  private struct Call {
    var name: String
    var handler: RPCMethodTable.Handler
    var params: RPCParams
  }

  private func prepare(
    _ request: JSONRPCRequest, _ context: RPCRequestContext
  ) -> Result<Call, RPCError> {
    let name: String
    let values: [JSONValue]
    switch request.body {
    case .refuse(let error): return .failure(error)
    case .call(let method, let params):
      name = method
      switch params {
      case nil, .null?: values = []
      case .array(let array)?: values = array
      default: return .failure(.invalidParams("non-array args"))
      }
    }
    guard let method = methods[name] else { return .failure(.methodNotFound(name.clipped)) }
    guard method.access == .open || context.isAdmin else {
      return .failure(
        .server(
          "the method \(name) is for the administrator: send the token as "
            + "\"Authorization: Bearer …\""))
    }
    guard values.count <= method.maximumParameters else {
      return .failure(
        .invalidParams("too many arguments, want at most \(method.maximumParameters)"))
    }
    return .success(Call(name: name, handler: method.handler, params: RPCParams(values)))
  }

  private func describe(_ error: any Error, method: String) -> RPCError {
    if let error = error as? RPCError { return error }
    if Task.isCancelled { return .timeout }
    logger.debug(
      "RPC method failed", metadata: ["method": "\(method)", "error": "\(error)"])
    return .internal
  }

  private func runImmediately(
    _ request: JSONRPCRequest, _ context: RPCRequestContext
  ) -> Result<RPCResult, RPCError> {
    prepare(request, context).flatMap { call -> Result<RPCResult, RPCError> in
      guard case .immediate(let body) = call.handler else { return .failure(.internal) }
      do {
        return .success(try body(context, call.params))
      } catch {
        return .failure(describe(error, method: call.name))
      }
    }
  }

  // MARK: - In a task

  private func run(_ work: Work) async -> [UInt8]? {
    enum Event: Sendable {
      case done([UInt8]?)
      case timedOut
    }
    return await withTaskGroup(of: Event.self) { group in
      group.addTask { .done(await self.runCalls(work)) }
      group.addTask {
        // An early end of the sleep means that the calls are done, or all is cancelled.
        try? await self.sleep(self.limits.timeout)
        return .timedOut
      }
      while let event = await group.next() {
        group.cancelAll()
        if case .done(let bytes) = event { return bytes }
      }
      return nil
    }
  }

  private func runCalls(_ work: Work) async -> [UInt8]? {
    var reply = BatchReply(isBatch: work.isBatch)
    for request in work.requests {
      let outcome = reply.isFull ? .failure(.responseTooLarge) : await run(request, work.context)
      reply.append(outcome, id: request.id, limit: limits.maximumReplyBytes)
    }
    return reply.finish()
  }

  private func run(
    _ request: JSONRPCRequest, _ context: RPCRequestContext
  ) async -> Result<RPCResult, RPCError> {
    if Task.isCancelled { return .failure(.timeout) }
    let call: Call
    switch prepare(request, context) {
    case .success(let prepared): call = prepared
    case .failure(let error): return .failure(error)
    }
    do {
      switch call.handler {
      case .immediate(let body): return .success(try body(context, call.params))
      case .asynchronous(let body): return .success(try await body(context, call.params))
      }
    } catch {
      return .failure(describe(error, method: call.name))
    }
  }
}

extension JSONRPCProcessor.Outcome {
  fileprivate static func refuse(_ error: RPCError) -> Self {
    var bytes: [UInt8] = []
    bytes.append(rpcError: error, id: .null)
    return .reply(bytes)
  }
}

extension String {
  /// The beginning of what a stranger sent, enough to recognise it by.
  fileprivate var clipped: String { utf8.count <= 128 ? self : "\(prefix(128))…" }
}
