public import JSON
internal import Primitives

extension Genesis {
  /// The genesis file that reads back as this value.
  ///
  /// - Parameter withAllocations: whether `alloc` is written; without it the file holds the rules
  ///   alone, as a database keeps them.
  /// - Returns: the file's object.
  public func json(withAllocations: Bool = true) -> JSONValue {
    let alloc = withAllocations ? allocations.sorted { $0.key < $1.key } : []
    return [
      "config": ["chainId": JSONValue(chainID)],
      "timestamp": .string(Hex.quantity(timestamp)),
      "gasLimit": .string(Hex.quantity(gasLimit)),
      "btt": .object(JSONObject(ownMembers)),
      "alloc": .object(
        JSONObject(
          alloc.map { address, allocation in
            var members: [(String, JSONValue)] = [
              ("balance", .string(allocation.balance.description))
            ]
            if allocation.nonce > 0 { members.append(("nonce", JSONValue(allocation.nonce))) }
            return (address.checksummed, .object(JSONObject(members)))
          })),
    ]
  }

  private var ownMembers: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("name", .string(name)),
      ("supply", .string(supply.description)),
      (
        "validators",
        .array(
          validators.map {
            [
              "address": .string($0.address.checksummed), "weight": JSONValue($0.weight),
              "makesBlocks": .bool($0.makesBlocks),
            ]
          })
      ),
      (
        "modules",
        .object(
          JSONObject(
            modules.sorted { $0.key < $1.key }.map { ($0.key.hex, .string($0.value.name)) }))
      ),
      ("fees", .object(JSONObject(feeMembers))),
    ]
    if let channels {
      members.append(
        (
          "channels",
          [
            "graceSeconds": channels.graceSeconds.json, "graceBlocks": channels.graceBlocks.json,
          ]
        ))
    }
    if let bridge { members.append(("bridge", bridge.json)) }
    members.append(("forks", [:]))
    return members
  }

  private var feeMembers: [(String, JSONValue)] {
    var members: [(String, JSONValue)] = [
      ("floor", .string(fees.baseFeeFloor.description)),
      ("initial", .string(fees.initialBaseFee.description)),
    ]
    switch fees.baseFeeDestination {
    case .burn: members.append(("baseFee", "burn"))
    case .treasury:
      members.append(("baseFee", "treasury"))
      members.append(("treasury", .string(fees.treasury.checksummed)))
    case .proposer: members.append(("baseFee", "proposer"))
    }
    return members
  }
}

extension ChannelRules.Grace {
  fileprivate var json: JSONValue {
    [
      "least": JSONValue(UInt64(range.lowerBound)), "most": JSONValue(UInt64(range.upperBound)),
      "standard": JSONValue(UInt64(standard)),
    ]
  }
}
