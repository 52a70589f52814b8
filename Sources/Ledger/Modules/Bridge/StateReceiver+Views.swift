internal import ChainTypes
internal import Primitives

extension StateReceiver {
  static let views = attestationViews + messageViews + rootViews + tokenViews + checkpointViews

  private static func view(
    _ abi: ABIFunction,
    _ body: @escaping @Sendable (inout ModuleCall, inout ABIReader, inout ABIWriter) throws -> Void
  ) -> NativeModule.Function {
    .init(abi: abi, mutability: .view, gas: 100) { call, reader in
      var writer = ABIWriter()
      try body(&call, &reader, &writer)
      return writer.bytes
    }
  }

  private static let attestationViews = [
    view(StateReceiverModule.attested) { call, reader, writer in
      let slot = ReceiverStorage.attested(try reader.readUInt64(), try reader.readUInt64())
      writer.append(try call.load(slot))
      writer.append(try call.load(StorageLayout.member(1, of: slot)))
    },
    view(StateReceiverModule.attestationWeight) { call, reader, writer in
      let (root, number) = (try reader.readUInt64(), try reader.readUInt64())
      try call.charge(ModuleGas.hash)
      let statement = Keccak256.hash(try reader.readHash().bytes + reader.readHash().bytes)
      writer.append(try call.load(ReceiverStorage.weight(root, number, of: statement)))
    },
    view(StateReceiverModule.voteOf) { call, reader, writer in
      let (root, number) = (try reader.readUInt64(), try reader.readUInt64())
      let slot = ReceiverStorage.vote(root, number, by: try reader.readAddress())
      writer.append(try call.load(slot))
      writer.append(try call.load(StorageLayout.member(1, of: slot)))
    },
    view(StateReceiverModule.paused) { call, reader, writer in
      let root = try reader.readUInt64()
      writer.append(try call.isPaused(root))
      writer.append(try call.load(ReceiverStorage.pausing(root)))
    },
    view(StateReceiverModule.isPausing) { call, reader, writer in
      let root = try reader.readUInt64()
      writer.append(try call.load(ReceiverStorage.isPausing(root, try reader.readAddress())))
    },
  ]

  private static let messageViews = [
    view(StateReceiverModule.message) { call, reader, writer in
      let (root, id) = (try reader.readUInt64(), try reader.readUInt64())
      let status = try status(root, id, &call)
      guard status == .failed || status == .refunded else {
        for word in [UInt64(status.rawValue), 0, 0, 0] { writer.append(word) }
        return
      }
      let slot = ReceiverStorage.failure(root, id)
      let record = FailureRecord(word: try call.load(slot))
      writer.append(UInt64(status.rawValue))
      writer.append(UInt64(record?.reason ?? 0))
      writer.append(record?.retryUntil ?? 0)
      writer.append(try call.load(StorageLayout.member(1, of: slot)))
    },
    view(StateReceiverModule.messages) { call, reader, writer in
      let root = try reader.readUInt64()
      let page = try reader.readPage(atMost: StateReceiverModule.maximumPageCount, of: .max)
      try writer.array(count: page.count) { inner in
        for id in page { inner.append(UInt64(try status(root, id, &call).rawValue)) }
      }
    },
  ]

  private static func status(
    _ root: UInt64, _ id: UInt64, _ call: inout ModuleCall
  ) throws -> MessageStatus {
    let inbox = UInt256(try call.load(ReceiverStorage.inbox(root, id)))
    if (inbox & (UInt256.one << Int(id % 256))).isZero { return .unknown }
    let word = try call.load(ReceiverStorage.failure(root, id))
    return FailureRecord(word: word)?.status ?? .applied
  }

  private static let rootViews = [
    view(StateReceiverModule.roots) { call, _, writer in
      let ids = call.genesis.bridge?.roots.keys.sorted() ?? []
      writer.array(count: ids.count) { inner in
        for id in ids { inner.append(id.rawValue) }
      }
    },
    view(StateReceiverModule.root) { call, reader, writer in
      let root = try call.root(try reader.readUInt64())
      writer.append(root.chainID)
      for contract in [root.stateSender, root.checkpoints, root.manager, root.btt] {
        writer.append(contract)
      }
    },
    view(StateReceiverModule.homeRoot) { call, _, writer in
      writer.append(call.genesis.bridge?.home.rawValue ?? 0)
    },
  ]

  private static let tokenViews = [
    view(StateReceiverModule.tokenCount) { call, _, writer in
      writer.append(try call.load(ReceiverStorage.tokenCount))
    },
    view(StateReceiverModule.tokens) { call, reader, writer in
      let page = try reader.readPage(
        atMost: StateReceiverModule.maximumPageCount,
        of: try call.load(ReceiverStorage.tokenCount).uint64())
      try writer.array(count: page.count) { inner in
        for index in page { inner.append(try call.load(ReceiverStorage.token(index))) }
      }
    },
    view(StateReceiverModule.token) { call, reader, writer in
      let child = try reader.readAddress()
      let info = try call.tokenInfo(child)
      writer.append(info?.rootID ?? 0)
      writer.append(info?.rootToken ?? .zero)
      writer.append(try call.supply(of: child))
    },
    view(StateReceiverModule.childToken) { call, reader, writer in
      let (root, rootToken) = (try reader.readUInt64(), try reader.readAddress())
      let rules = try call.root(root)
      guard rootToken != rules.btt else {
        writer.append(OutboxStorage.account)
        writer.append(true)
        return
      }
      try call.charge(ModuleGas.hash)
      let child = BridgedToken.address(rootID: root, rootToken: rootToken)
      writer.append(child)
      writer.append(try call.tokenInfo(child) != nil)
    },
  ]

  private static let checkpointViews = [
    view(StateReceiverModule.checkpointDigest) { call, reader, writer in
      let root = try reader.readUInt64()
      let domain = try call.root(root).domain
      try call.charge(4 * ModuleGas.hash)
      writer.append(try readStatement(root, &call, &reader).digest(in: domain))
    },
    view(StateReceiverModule.checkpointCandidates) { call, reader, writer in
      let root = try reader.readUInt64()
      let list = ReceiverStorage.candidates(root)
      let end = try call.load(list).uint64()
      let start = min(try call.load(ReceiverStorage.firstOpen(root)).uint64(), end)
      // Whoever asks may have overridden both words: nothing here may overflow.
      let page = start..<(start + min(end - start, StateReceiverModule.maximumPageCount))
      try writer.array(count: page.count) { inner in
        for index in page {
          inner.append(try call.load(ReceiverStorage.element(index, of: list)))
        }
      }
    },
    view(StateReceiverModule.checkpoint) { call, reader, writer in
      let slot = ReceiverStorage.checkpoint(try reader.readHash())
      let numbers = CheckpointNumbers(word: try call.load(slot))
      let weight = UInt256(try call.load(StorageLayout.member(3, of: slot)))
      let isComplete = weight >= completeFlag
      writer.append(numbers.rootID)
      writer.append(numbers.epoch)
      writer.append(numbers.endHeight)
      writer.append(try call.load(StorageLayout.member(1, of: slot)))
      writer.append(try call.load(StorageLayout.member(2, of: slot)))
      writer.append(numbers.outboxCount)
      writer.append(isComplete ? weight &- completeFlag : weight)
      writer.append(isComplete)
    },
    view(StateReceiverModule.lastCheckpoint) { call, reader, writer in
      writer.append(try call.load(ReceiverStorage.lastCheckpoint(try reader.readUInt64())))
    },
    view(StateReceiverModule.checkpointSignatures) { call, reader, writer in
      let digest = try reader.readHash()
      let list = StorageLayout.member(4, of: ReceiverStorage.checkpoint(digest))
      var signers: [Address] = []
      for index in 0..<(try call.load(list).uint64()) {
        signers.append(
          Address(truncating: try call.load(ReceiverStorage.element(index, of: list))))
      }
      signers.sort()
      writer.array(count: signers.count) { inner in
        for signer in signers { inner.append(signer) }
      }
      var joined: [UInt8] = []
      for signer in signers { joined += try signature(digest, signer, &call) }
      writer.append(bytes: joined)
    },
  ]
}
