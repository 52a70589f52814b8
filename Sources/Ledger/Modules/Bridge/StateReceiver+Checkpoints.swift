internal import ChainTypes
internal import Keys
internal import Primitives

/// Signatures of validators over checkpoints.
extension StateReceiver {
  static func signCheckpoint(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> [UInt8] {
    let root = try reader.readUInt64()
    let rules = try call.activeRoot(root)
    let statement = try readStatement(root, &call, &reader)
    try checkOutbox(of: statement, &call)
    let bytes = try reader.readBytes(maximumCount: 65)
    try call.charge(4 * ModuleGas.hash + ModuleGas.signature)
    let digest = statement.digest(in: rules.domain)
    let signature: Signature
    let signer: Address
    do throws(SignatureError) {
      signature = try Signature(bytes: bytes)
      signer = try signature.recoverAddress(digest: digest)
    } catch {
      throw ModuleFailure.reverted("the signature is irregular: \(error)")
    }
    let weight = try call.weight(of: signer)
    guard !weight.isZero else {
      throw ModuleFailure.reverted("\(signer) signed this checkpoint and is no validator")
    }
    let slot = ReceiverStorage.checkpoint(digest)
    if try call.load(slot).isZero { try begin(statement, digest, by: signer, &call) }
    try add(signature, of: signer, to: digest, &call)
    let weightSlot = StorageLayout.member(3, of: slot)
    let sum = UInt256(try call.load(weightSlot)) &+ weight
    let isComplete = QuorumSignatures.isQuorum(sum, of: try call.totalWeight())
    try call.store(weightSlot, (isComplete ? sum | completeFlag : sum).word)
    try call.emit(
      StateReceiverModule.checkpointSigned,
      [.uint(UInt256(root)), .hash(digest), .address(signer), .uint(sum)], of: call.message.to)
    if isComplete { try complete(statement, digest, &call) }
    return UInt256(isComplete ? 1 as UInt64 : 0).word.bytes
  }

  /// Above the weight in its word.
  static let completeFlag = UInt256.one << 248

  /// The next values as a checkpoint of the current validator set.
  static func readStatement(
    _ root: UInt64, _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> CheckpointStatement {
    CheckpointStatement(
      sidechainID: call.block.chainID, rootID: root, epoch: try call.epoch(),
      endHeight: try reader.readUInt64(), endBlockHash: try reader.readHash(),
      outboxRoot: try reader.readHash(), outboxCount: try reader.readUInt64())
  }

  /// Whatever can be known here of a checkpoint must hold: all but the block's hash.
  private static func checkOutbox(
    of statement: CheckpointStatement, _ call: inout ModuleCall
  ) throws {
    let (root, count) = (statement.rootID, statement.outboxCount)
    guard statement.endHeight < call.block.number else {
      throw ModuleFailure.reverted("block \(statement.endHeight) is not final yet")
    }
    let total = try call.outboxCount(root)
    guard count > 0, count <= total,
      try call.load(OutboxStorage.root(root, count: count), of: OutboxStorage.account)
        == statement.outboxRoot
    else {
      throw ModuleFailure.reverted("the outbox never had this root with \(count) leaves")
    }
    guard try call.height(ofLeaf: count - 1, root: root) <= statement.endHeight,
      count == total ? true : try call.height(ofLeaf: count, root: root) > statement.endHeight
    else {
      throw ModuleFailure.reverted(
        "the outbox did not have \(count) leaves at block \(statement.endHeight)")
    }
    let last = try call.load(ReceiverStorage.lastCheckpoint(root))
    guard !last.isZero else { return }
    let numbers = CheckpointNumbers(word: try call.load(ReceiverStorage.checkpoint(last)))
    // A new validator set signs again what nobody has brought.
    guard
      numbers.epoch != statement.epoch
        || (statement.endHeight > numbers.endHeight && count > numbers.outboxCount)
    else {
      throw ModuleFailure.reverted(
        "a checkpoint of block \(numbers.endHeight) with \(numbers.outboxCount) leaves is "
          + "complete already")
    }
  }

  private static func begin(
    _ statement: CheckpointStatement, _ digest: Hash256, by signer: Address,
    _ call: inout ModuleCall
  ) throws {
    // One open candidate each, so that no single validator can fill the list.
    let own = ReceiverStorage.begun(statement.rootID, signer)
    let firstOpen = try call.load(ReceiverStorage.firstOpen(statement.rootID)).uint64()
    guard try call.load(own).uint64() <= firstOpen else {
      throw ModuleFailure.reverted("\(signer) has begun a checkpoint that is open still: sign one")
    }
    let slot = ReceiverStorage.checkpoint(digest)
    try call.store(slot, CheckpointNumbers(statement).word)
    try call.store(StorageLayout.member(1, of: slot), statement.endBlockHash)
    try call.store(StorageLayout.member(2, of: slot), statement.outboxRoot)
    let list = ReceiverStorage.candidates(statement.rootID)
    let count = try call.load(list).uint64()
    try call.store(ReceiverStorage.element(count, of: list), digest)
    try call.store(list, UInt256(count &+ 1).word)
    try call.store(own, UInt256(count &+ 1).word)
  }

  private static func add(
    _ signature: Signature, of signer: Address, to digest: Hash256, _ call: inout ModuleCall
  ) throws {
    let slot = ReceiverStorage.signature(digest, signer)
    guard try call.load(slot).isZero else {
      throw ModuleFailure.reverted("\(signer) has signed this checkpoint already")
    }
    try call.store(slot, signature.r.word)
    let parity = UInt256(UInt64(signature.recoveryID)) << 255
    try call.store(StorageLayout.member(1, of: slot), (signature.s | parity).word)
    let list = StorageLayout.member(4, of: ReceiverStorage.checkpoint(digest))
    let count = try call.load(list).uint64()
    try call.store(ReceiverStorage.element(count, of: list), StorageLayout.word(signer))
    try call.store(list, UInt256(count &+ 1).word)
  }

  private static func complete(
    _ statement: CheckpointStatement, _ digest: Hash256, _ call: inout ModuleCall
  ) throws {
    let root = statement.rootID
    try call.store(ReceiverStorage.lastCheckpoint(root), digest)
    try call.store(
      ReceiverStorage.firstOpen(root), try call.load(ReceiverStorage.candidates(root)))
    try call.emit(
      StateReceiverModule.checkpointComplete,
      [
        .uint(UInt256(root)), .hash(digest), .uint(UInt256(statement.endHeight)),
        .hash(statement.outboxRoot), .uint(UInt256(statement.outboxCount)),
      ], of: call.message.to)
  }

  /// A signature as it was stored.
  static func signature(
    _ digest: Hash256, _ signer: Address, _ call: inout ModuleCall
  ) throws -> [UInt8] {
    let slot = ReceiverStorage.signature(digest, signer)
    let r = try call.load(slot)
    let second = UInt256(try call.load(StorageLayout.member(1, of: slot)))
    let parity = (second >> 255).isZero ? 27 : 28 as UInt8
    return r.bytes + ((second << 1) >> 1).word.bytes + [parity]
  }
}

/// The word of a checkpoint's numbers.
struct CheckpointNumbers: Hashable {
  var rootID: UInt64
  var epoch: UInt64
  var endHeight: UInt64
  var outboxCount: UInt64

  init(_ statement: CheckpointStatement) {
    rootID = statement.rootID
    epoch = statement.epoch
    endHeight = statement.endHeight
    outboxCount = statement.outboxCount
  }

  init(word: Hash256) {
    rootID = word.uint64()
    epoch = word.uint64(above: 64)
    endHeight = word.uint64(above: 128)
    outboxCount = word.uint64(above: 192)
  }

  /// From the lowest bit, 64 bits each.
  var word: Hash256 {
    UInt256(
      high: UInt128(outboxCount) << 64 | UInt128(endHeight),
      low: UInt128(epoch) << 64 | UInt128(rootID)
    ).word
  }
}
