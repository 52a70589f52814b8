internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Which logs `eth_getLogs` and `eth_newFilter` are asked for.
struct LogQuery: Sendable {
  enum Blocks: Sendable {
    case one(Hash256)
    case range(from: BlockParameter, to: BlockParameter)
  }

  var filter: LogFilter
  var blocks: Blocks

  init(_ object: JSONObject, limits: RPCMethodLimits) throws(RPCError) {
    let from: BlockParameter?
    let to: BlockParameter?
    let hash: Hash256?
    do throws(RPCValueError) {
      from = try object.optional("fromBlock", .block)
      to = try object.optional("toBlock", .block)
      hash = try object.optional("blockHash", .hash)
      filter = LogFilter(
        addresses: try object.optional("address", .alternatives(.address)) ?? [],
        topics: try object.optional("topics", .array(.alternatives(.hash))) ?? [])
    } catch {
      throw .invalidArgument(0, error)
    }
    guard filter.topics.count <= 4 else { throw .invalidParams("exceed max topics") }
    let limit = limits.maximumLogAlternatives
    guard filter.addresses.count <= limit, filter.topics.allSatisfy({ $0.count <= limit }) else {
      throw .invalidParams("exceed max addresses or topics per search position")
    }
    if let hash {
      guard from == nil, to == nil else {
        throw .invalidParams("can't specify fromBlock/toBlock with blockHash")
      }
      blocks = .one(hash)
    } else {
      if case .hash = from ?? .latest { throw .invalidParams("invalid block range params") }
      if case .hash = to ?? .latest { throw .invalidParams("invalid block range params") }
      blocks = .range(from: from ?? .latest, to: to ?? .latest)
    }
  }

  /// The heights to look through.
  ///
  /// - Throws: `RPCError` for a range that is reversed, too long, or not all there yet.
  func heights(in view: ChainView, limits: RPCMethodLimits) throws -> ClosedRange<UInt64> {
    switch blocks {
    case .one(let hash):
      guard let number = try view.number(of: hash) else { throw RPCError.server("unknown block") }
      return number...number
    case .range(let from, let to):
      if case .number(let first) = from, case .number(let last) = to, first > last {
        throw RPCError.invalidParams("invalid block range params")
      }
      guard let first = try view.height(of: from), let last = try view.height(of: to) else {
        throw RPCError.invalidParams("block range extends beyond current head block")
      }
      guard first <= last else { throw RPCError.invalidParams("invalid block range params") }
      guard last - first < limits.maximumLogRange else {
        throw RPCError.limitExceeded(
          "block range of \(last - first + 1) is too long: ask for at most "
            + "\(limits.maximumLogRange) blocks at once")
      }
      return first...last
    }
  }
}

extension RPCValueDecoder {
  /// One value, or an array of those any of which will do; null, also among them, means any.
  fileprivate static func alternatives<Element>(_ element: RPCValueDecoder<Element>) -> Self
  where Value == [Element] {
    Self { value throws(RPCValueError) in
      switch value {
      case .null: return []
      case .array(let items) where items.contains(.null): return []
      case .array: return try RPCValueDecoder<[Element]>.array(element).decode(value)
      default: return [try element.decode(value)]
      }
    }
  }
}
