internal import ChainTypes
internal import JSON
internal import Ledger

/// `eth_getLogs`.
struct LogMethods {
  let backend: NodeBackend

  func register(in table: inout RPCMethodTable) {
    let limits = backend.limits
    table.readAside("eth_getLogs", parameters: 1, of: backend) { view, params in
      let query = try LogQuery(try params.required(0, .object), limits: limits)
      return Self.reply(try Self.logs(query, in: view, limits: limits))
    }
  }

  /// The logs a query is about.
  static func logs(
    _ query: LogQuery, in view: ChainView, limits: RPCMethodLimits
  ) throws -> [LocatedLog] {
    let heights = try query.heights(in: view, limits: limits)
    let search = try search(query.filter, in: view, heights, limit: limits.maximumLogs)
    guard search.next > heights.upperBound else {
      throw RPCError.limitExceeded(
        "query returned more than \(limits.maximumLogs) results: ask for fewer blocks, "
          + "addresses or topics")
    }
    return search.logs
  }

  /// Looks for logs from the lower end on, and stops at the block that would bring more of them
  /// than `limit`: `next` is the first height that was not looked through.
  ///
  /// - Throws: `CancellationError`, or the store's error.
  static func search(
    _ filter: LogFilter, in view: ChainView, _ heights: ClosedRange<UInt64>, limit: Int
  ) throws -> (logs: [LocatedLog], next: UInt64) {
    var found: [LocatedLog] = []
    var next = heights.lowerBound
    // In steps, so that a caller who has gone away stops the search.
    var step: UInt64 = 4_096
    while next <= heights.upperBound {
      try Task.checkCancellation()
      let last = heights.upperBound - next < step ? heights.upperBound : next + step - 1
      do {
        found += try view.logs(filter, in: next...last, limit: limit - found.count)
      } catch let error as LedgerError where error.code == .notFound {
        // Too many at once: as many whole blocks as fit.
        guard step > 1 else { break }
        step /= 4
        continue
      }
      next = last + 1
    }
    return (found, next)
  }

  static func reply(_ logs: [LocatedLog]) -> RPCResult {
    var reply = ReplyWriter(capacity: 64 + logs.count * 800)
    reply.array(logs) { $0.log($1) }
    return reply.result
  }
}
