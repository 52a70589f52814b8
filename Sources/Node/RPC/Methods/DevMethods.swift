internal import ChainTypes
internal import JSON
internal import Ledger
internal import Primitives

/// Blocks on demand and another time of day, for a chain of one's own.
public struct DevMethods {
  private let backend: NodeBackend
  private let control: any DevControl
  private let access: RPCMethodTable.Access

  /// The methods over what a developer may do; `isOpen` lets everybody call them who reaches the
  /// server, else they are the administrator's.
  public init(backend: NodeBackend, control: any DevControl, isOpen: Bool) {
    self.backend = backend
    self.control = control
    access = isOpen ? .open : .admin
  }

  /// Adds the methods to a table.
  public func register(in table: inout RPCMethodTable) {
    let (control, backend) = (control, backend)
    let limit = backend.limits.maximumMinedBlocks
    table.addAsynchronous("btt_mine", access: access, parameters: 1) { _, params in
      try await control.mine(
        try Self.count(try params.optional(0, .hexOrNumber) ?? 1, limit), timestamp: nil)
      return .string(Hex.quantity(backend.chain.view.head.number))
    }
    for name in ["anvil_mine", "hardhat_mine"] {
      table.addAsynchronous(name, access: access, parameters: 2) { _, params in
        let interval = try params.optional(1, .hexOrNumber) ?? 0
        guard interval <= 1 else {
          throw RPCError.invalidParams(
            "an interval between blocks is not supported: mine them "
              + "one at a time with evm_setNextBlockTimestamp")
        }
        try await control.mine(
          try Self.count(try params.optional(0, .hexOrNumber) ?? 1, limit), timestamp: nil)
        return .null
      }
    }
    table.addAsynchronous("evm_mine", access: access, parameters: 1) { _, params in
      var timestamp: UInt64?
      var count: UInt64 = 1
      if let object = try params.optional(0, .any)?.objectValue {
        do throws(RPCValueError) {
          timestamp = try object.optional("timestamp", .hexOrNumber)
          count = try object.optional("blocks", .hexOrNumber) ?? 1
        } catch {
          throw RPCError.invalidArgument(0, error)
        }
      } else {
        timestamp = try params.optional(0, .hexOrNumber)
      }
      let blocks = try Self.count(count, limit)
      // By the clock, which has bounds and then goes on from there.
      if let timestamp { try control.setNextBlockTimestamp(timestamp) }
      try await control.mine(blocks, timestamp: nil)
      return .string("0x0")
    }
    table.add("evm_increaseTime", access: access, parameters: 1) { _, params in
      let seconds = try params.required(0, .hexOrNumber)
      return .string(Hex.quantity(try control.increaseTime(by: seconds)))
    }
    table.add("evm_setNextBlockTimestamp", access: access, parameters: 1) { _, params in
      try control.setNextBlockTimestamp(try params.required(0, .hexOrNumber))
      return .null
    }
  }

  private static func count(_ count: UInt64, _ limit: UInt64) throws(RPCError) -> UInt64 {
    guard count <= limit else {
      throw .limitExceeded("at most \(limit) blocks are made at once, not \(count)")
    }
    return count
  }
}

extension RPCValueDecoder<UInt64> {
  /// A quantity, or a number as JSON has it: tools for developers send both.
  fileprivate static var hexOrNumber: Self {
    Self { value throws(RPCValueError) in
      if let number = value.uint64Value { return number }
      return try quantity64.decode(value)
    }
  }
}
