internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Filters for those who poll.
struct FilterMethods {
  let backend: NodeBackend
  let registry: FilterRegistry

  /// The most blocks or hashes of one reply; the rest comes with the next.
  private static let maximumChanges: UInt64 = 10_000

  init(backend: NodeBackend) {
    self.backend = backend
    registry = FilterRegistry(limits: backend.limits)
  }

  func register(in table: inout RPCMethodTable) {
    let (backend, registry) = (backend, registry)
    func add(
      _ name: String, parameters: Int,
      _ make: @escaping @Sendable (RPCParams) throws -> (FilterRegistry.Kind, UInt64)
    ) {
      table.add(name, parameters: parameters) { context, params in
        let (kind, cursor) = try make(params)
        return .string(
          registry.add(
            kind, owner: context.peer ?? "", cursor: cursor, now: backend.uptime()))
      }
    }
    add("eth_newFilter", parameters: 1) { params in
      let query = try LogQuery(try params.required(0, .object), limits: backend.limits)
      guard case .range(let from, let to) = query.blocks else {
        throw RPCError.invalidParams("cannot use blockHash in a filter: ask eth_getLogs")
      }
      // A filter is kept for minutes, and there may be thousands of them.
      let alternatives = query.filter.topics.reduce(query.filter.addresses.count) {
        $0 + $1.count
      }
      guard alternatives <= backend.limits.maximumFilterAlternatives else {
        throw RPCError.limitExceeded(
          "a filter may name \(backend.limits.maximumFilterAlternatives) addresses and topics in "
            + "all, not \(alternatives): ask eth_getLogs")
      }
      if case .number(let first) = from, case .number(let last) = to, first > last {
        throw RPCError.invalidParams("invalid block range params")
      }
      return (.logs(query), backend.chain.view.head.number + 1)
    }
    add("eth_newBlockFilter", parameters: 0) { _ in
      (.blocks, backend.chain.view.head.number + 1)
    }
    // geth's parameter asks for whole transactions; hashes are what all libraries read.
    add("eth_newPendingTransactionFilter", parameters: 1) { _ in
      (.pendingTransactions, backend.pool.arrivalCount)
    }
    table.add("eth_uninstallFilter", parameters: 1) { _, params in
      .value(.bool(registry.remove(try params.required(0, .string))))
    }
    table.readAside("eth_getFilterChanges", parameters: 1, of: backend) { [self] view, params in
      let name = try params.required(0, .string)
      guard let filter = registry.use(name, now: backend.uptime()) else { throw Self.notFound }
      let (reply, next) = try changes(filter, view)
      registry.advance(name, to: next)
      return reply
    }
    table.readAside("eth_getFilterLogs", parameters: 1, of: backend) { view, params in
      let name = try params.required(0, .string)
      guard let filter = registry.use(name, now: backend.uptime()),
        case .logs(let query) = filter.kind
      else { throw Self.notFound }
      return LogMethods.reply(try LogMethods.logs(query, in: view, limits: backend.limits))
    }
  }

  private static let notFound = RPCError.server("filter not found")

  private func changes(
    _ filter: FilterRegistry.Filter, _ view: ChainView
  ) throws -> (reply: RPCResult, next: UInt64) {
    let head = view.head.number
    var reply = ReplyWriter(capacity: 256)
    switch filter.kind {
    case .pendingTransactions:
      let (hashes, next) = backend.pool.arrivals(since: filter.cursor)
      reply.array(hashes)
      return (reply.result, next)
    case .blocks:
      let next = min(head + 1, filter.cursor + Self.maximumChanges)
      let numbers = filter.cursor < next ? filter.cursor..<next : next..<next
      reply.array(try numbers.compactMap { try view.hash($0) })
      return (reply.result, next)
    case .logs(let query):
      var (first, last) = (filter.cursor, head)
      if case .range(let from, let to) = query.blocks {
        if case .number(let number) = from { first = max(first, number) }
        if case .number(let number) = to { last = min(last, number) }
        if case .earliest = to { last = 0 }
      }
      guard first <= last else { return (LogMethods.reply([]), filter.cursor) }
      // As with too many logs, what is left comes with the next call.
      last = min(last, first + backend.limits.maximumLogRange - 1)
      let (logs, next) = try LogMethods.search(
        query.filter, in: view, first...last, limit: backend.limits.maximumLogs)
      guard next > first else {
        throw RPCError.limitExceeded(
          "block \(first) alone has more than \(backend.limits.maximumLogs) logs that match: "
            + "make a filter with fewer addresses or topics")
      }
      return (LogMethods.reply(logs), next)
    }
  }
}
