internal import ChainTypes
internal import Primitives

/// What validators say of root chains.
extension StateReceiver {
  static func attest(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let root = try reader.readUInt64()
    _ = try call.activeRoot(root)
    let weight = try call.callersWeight()
    let total = try call.totalWeight()
    let list = try reader.readArray(
      maximumCount: StateReceiverModule.maximumAttestCount, elementSize: 96)
    guard list.count > 0 else { throw ModuleFailure.reverted("there are no headers to attest") }
    var elements = list.elements
    var writer = ABIWriter()
    try writer.array(count: list.count) { inner in
      for _ in 0..<list.count {
        let vote = Vote(
          root: root, number: try elements.readUInt64(), hash: try elements.readHash(),
          receiptsRoot: try elements.readHash())
        inner.append(UInt64(try cast(vote, weight: weight, total: total, &call).rawValue))
      }
    }
    return writer.bytes
  }

  /// A validator's word that a header is of the root chain and final there.
  private struct Vote {
    let root: UInt64
    let number: UInt64
    let hash: Hash256
    let receiptsRoot: Hash256

    var statement: Hash256 { Keccak256.hash(hash.bytes + receiptsRoot.bytes) }
  }

  private static func cast(
    _ vote: Vote, weight: UInt256, total: UInt256, _ call: inout ModuleCall
  ) throws -> AttestationResult {
    guard !vote.hash.isZero else { throw ModuleFailure.reverted("no header has the hash zero") }
    try call.charge(ModuleGas.hash)
    let statement = vote.statement
    let voteSlot = ReceiverStorage.vote(vote.root, vote.number, by: call.message.from)
    let first = try call.load(voteSlot)
    if first == statement { return .known }
    guard first.isZero else {
      let slot = StorageLayout.member(1, of: voteSlot)
      if try call.load(slot).isZero {
        try call.store(slot, statement)
        try call.emit(
          StateReceiverModule.equivocation,
          [
            .address(call.message.from), .uint(UInt256(vote.root)), .uint(UInt256(vote.number)),
            .hash(first), .hash(statement),
          ], of: call.message.to)
      }
      return .conflicting
    }
    try call.store(voteSlot, statement)
    let weightSlot = ReceiverStorage.weight(vote.root, vote.number, of: statement)
    let sum = UInt256(try call.load(weightSlot)) &+ weight
    try call.store(weightSlot, sum.word)
    let headerSlot = ReceiverStorage.attested(vote.root, vote.number)
    let attested = try call.load(headerSlot)
    guard attested.isZero else {
      let root = try call.load(StorageLayout.member(1, of: headerSlot))
      return attested == vote.hash && root == vote.receiptsRoot ? .counted : .disagrees
    }
    guard QuorumSignatures.isQuorum(sum, of: total) else { return .counted }
    try call.store(headerSlot, vote.hash)
    try call.store(StorageLayout.member(1, of: headerSlot), vote.receiptsRoot)
    try call.emit(
      StateReceiverModule.attestedEvent,
      [
        .uint(UInt256(vote.root)), .uint(UInt256(vote.number)), .hash(vote.hash),
        .hash(vote.receiptsRoot),
      ], of: call.message.to)
    return .attested
  }

  static func setPaused(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let root = try reader.readUInt64()
    let wish = try reader.readBool()
    _ = try call.root(root)
    let weight = try call.callersWeight()
    let slot = ReceiverStorage.isPausing(root, call.message.from)
    guard try call.load(slot).isZero == wish else { return [] }
    let before = UInt256(try call.load(ReceiverStorage.pausing(root)))
    try call.store(slot, wish ? UInt256.one.word : .zero)
    try call.store(
      ReceiverStorage.pausing(root), (wish ? before &+ weight : before &- weight).word)
    try call.emit(
      StateReceiverModule.pauseChanged,
      [
        .uint(UInt256(root)), .address(call.message.from), .bool(wish),
        .bool(try call.isPaused(root)),
      ], of: call.message.to)
    return []
  }
}
