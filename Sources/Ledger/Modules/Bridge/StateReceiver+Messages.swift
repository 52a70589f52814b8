internal import ChainTypes
internal import Primitives

/// Messages of root chains: each is taken once, and none holds up the others.
extension StateReceiver {
  static func submit(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let proof = try DepositProof(reading: &reader)
    let root = try call.activeRoot(proof.rootID)
    try call.charge(ModuleGas.proofWord * UInt64((proof.byteCount + 31) / 32))
    let content: DepositProof.Content
    do {
      content = try proof.verified(stateSender: root.stateSender, receiver: call.message.to)
    } catch {
      throw ModuleFailure.reverted("this proves no message: \(error)")
    }
    try checkAttested(content.header, root: proof.rootID, &call)
    let id = content.message.id
    let slot = ReceiverStorage.inbox(proof.rootID, id)
    let inbox = UInt256(try call.load(slot))
    let bit = UInt256.one << Int(id % 256)
    guard (inbox & bit).isZero else {
      throw ModuleFailure.reverted("message \(id) of root chain \(proof.rootID) is here already")
    }
    try call.store(slot, (inbox | bit).word)
    let data = content.message.data
    let failure = try apply(data, root: proof.rootID, &call)
    if let failure {
      let retryUntil = call.block.timestamp &+ StateReceiverModule.retrySeconds
      try setFailure(
        .init(status: .failed, reason: failure.rawValue, retryUntil: retryUntil),
        of: data, proof.rootID, id, &call)
      try call.emit(
        StateReceiverModule.messageFailed,
        [
          .uint(UInt256(proof.rootID)), .uint(UInt256(id)),
          .uint(UInt256(UInt64(failure.rawValue))), .uint(UInt256(retryUntil)), .bytes(data),
        ], of: call.message.to)
    } else {
      try emitApplied(data, proof.rootID, id, &call)
    }
    return UInt256(id).word.bytes + result(failure)
  }

  private static func checkAttested(
    _ header: RootHeader, root: UInt64, _ call: inout ModuleCall
  ) throws {
    let slot = ReceiverStorage.attested(root, header.number)
    let hash = try call.load(slot)
    guard !hash.isZero else {
      throw ModuleFailure.reverted(
        "block \(header.number) of root chain \(root) is not attested yet: wait for its finality")
    }
    guard hash == header.hash,
      try call.load(StorageLayout.member(1, of: slot)) == header.receiptsRoot
    else {
      throw ModuleFailure.reverted(
        "validators have attested another block \(header.number) of root chain \(root)")
    }
  }

  static func retry(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let failed = try readFailed(&call, &reader)
    guard call.block.timestamp < failed.record.retryUntil else {
      throw ModuleFailure.reverted("the time to retry is over: refund it")
    }
    let failure = try apply(failed.data, root: failed.root, &call)
    if let failure {
      var record = failed.record
      record.reason = failure.rawValue
      try setFailure(record, of: failed.data, failed.root, failed.id, &call)
    } else {
      let slot = ReceiverStorage.failure(failed.root, failed.id)
      try call.store(slot, .zero)
      try call.store(StorageLayout.member(1, of: slot), .zero)
      try emitApplied(failed.data, failed.root, failed.id, &call)
    }
    return result(failure)
  }

  static func refund(_ call: inout ModuleCall, _ reader: inout ABIReader) throws -> [UInt8] {
    let failed = try readFailed(&call, &reader)
    guard call.block.timestamp >= failed.record.retryUntil else {
      throw ModuleFailure.reverted(
        "it can be retried until \(failed.record.retryUntil): it is refunded after that")
    }
    guard case .deposit(let deposit)? = try? StateMessage(decoding: failed.data),
      deposit.rootID == failed.root, deposit.depositor != .zero, !deposit.amount.isZero
    else { throw ModuleFailure.reverted("the message is no deposit: there is nothing to refund") }
    var record = failed.record
    record.status = .refunded
    try setFailure(record, of: failed.data, failed.root, failed.id, &call)
    let index = try call.withdraw(
      to: deposit.depositor, deposit.amount, of: deposit.rootToken, root: failed.root,
      sender: call.message.to)
    try call.emit(
      StateReceiverModule.messageRefunded,
      [.uint(UInt256(failed.root)), .uint(UInt256(failed.id)), .uint(UInt256(index))],
      of: call.message.to)
    return UInt256(index).word.bytes
  }

  // MARK: Failed messages

  /// A message that is not applied, as its first word tells.
  struct FailureRecord: Hashable {
    var status: MessageStatus
    var reason: UInt8
    var retryUntil: UInt64

    init(status: MessageStatus, reason: UInt8, retryUntil: UInt64) {
      self.status = status
      self.reason = reason
      self.retryUntil = retryUntil
    }

    /// Reads the word; nil when it is zero.
    init?(word: Hash256) {
      let word = UInt256(word).low
      guard let status = MessageStatus(rawValue: UInt8(truncatingIfNeeded: word)),
        status != .unknown
      else { return nil }
      self.status = status
      reason = UInt8(truncatingIfNeeded: word >> 8)
      retryUntil = UInt64(truncatingIfNeeded: word >> 16)
    }

    var word: Hash256 {
      UInt256(UInt128(status.rawValue) | UInt128(reason) << 8 | UInt128(retryUntil) << 16).word
    }
  }

  private static func readFailed(
    _ call: inout ModuleCall, _ reader: inout ABIReader
  ) throws -> (root: UInt64, id: UInt64, data: [UInt8], record: FailureRecord) {
    let root = try reader.readUInt64()
    let id = try reader.readUInt64()
    let data = try reader.readBytes(maximumCount: StateSynced.maximumDataCount)
    _ = try call.activeRoot(root)
    let slot = ReceiverStorage.failure(root, id)
    guard let record = FailureRecord(word: try call.load(slot)), record.status == .failed else {
      throw ModuleFailure.reverted("message \(id) of root chain \(root) has not failed")
    }
    try call.charge(ModuleGas.hash)
    guard try call.load(StorageLayout.member(1, of: slot)) == Keccak256.hash(data) else {
      throw ModuleFailure.reverted("this is not the data of message \(id)")
    }
    return (root, id, data, record)
  }

  private static func setFailure(
    _ record: FailureRecord, of data: [UInt8], _ root: UInt64, _ id: UInt64,
    _ call: inout ModuleCall
  ) throws {
    let slot = ReceiverStorage.failure(root, id)
    try call.store(slot, record.word)
    try call.store(StorageLayout.member(1, of: slot), Keccak256.hash(data))
  }

  private static func emitApplied(
    _ data: [UInt8], _ root: UInt64, _ id: UInt64, _ call: inout ModuleCall
  ) throws {
    try call.emit(
      StateReceiverModule.messageApplied,
      [.uint(UInt256(root)), .uint(UInt256(id)), .hash(Keccak256.hash(data))],
      of: call.message.to)
  }

  private static func result(_ failure: MessageFailure?) -> [UInt8] {
    let status: MessageStatus = failure == nil ? .applied : .failed
    return UInt256(UInt64(status.rawValue)).word.bytes
      + UInt256(UInt64(failure?.rawValue ?? 0)).word.bytes
  }
}
