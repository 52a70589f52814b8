internal import ChainTypes
public import JSON
internal import Primitives

extension BridgeService {
  /// The alarms that hold, the oldest first.
  public var heldAlarms: [BridgeAlarm] { alarms.all }

  /// The root chains, their contracts, and how far each was read.
  public func roots() async throws -> JSONValue {
    var roots: [JSONValue] = []
    for worker in workers {
      let root = worker.root
      let state = await worker.follower.progress
      let final = await worker.follower.final
      let outbox = try await sidechain.outbox(worker.id)
      let last = try await sidechain.lastCheckpoint(worker.id)
      roots.append([
        "root": .string(root.id.name), "id": JSONValue(root.id.rawValue),
        "chainId": JSONValue(root.chainID), "stateSender": .string(root.stateSender.checksummed),
        "checkpoints": .string(root.checkpoints.checksummed),
        "manager": .string(root.manager.checksummed), "btt": .string(root.btt.checksummed),
        "read": state.map { JSONValue($0.cursor.number) } ?? .null,
        "final": final.map { JSONValue($0.number) } ?? .null,
        "messages": JSONValue((state?.nextID ?? 1) - 1),
        "waiting": JSONValue(
          try store.waiting(of: worker.id, limit: RootRelay.maximumMessages).count),
        "paused": .bool(try await sidechain.isPaused(worker.id)),
        "withdrawals": JSONValue(outbox.count),
        "checkpointed": JSONValue(last?.statement.outboxCount ?? 0),
        "book": .string(try await sidechain.book(worker.id).description),
        "endpoints": .array(
          worker.chain.endpoints.health.map {
            ["endpoint": .string($0.name), "well": .bool($0.isWell)]
          }),
        "relayer": worker.sender.map { .string($0.address.checksummed) } ?? .null,
        "relayerBalance": await worker.sender?.balance.map { .string($0.description) } ?? .null,
      ])
    }
    return .array(roots)
  }

  /// The tokens that came over the bridge.
  public func tokens() async throws -> JSONValue {
    var tokens: [JSONValue] = []
    for worker in workers {
      tokens.append([
        "root": .string(worker.id.name), "rootToken": .string(worker.root.btt.checksummed),
        "child": .string(WithdrawalModule.address.checksummed), "name": "BitTorrent",
        "symbol": "BTT", "decimals": 18,
        "supply": .string(try await sidechain.book(worker.id).description),
      ])
    }
    for token in try await sidechain.tokens() {
      tokens.append([
        "root": .string(token.root.name), "rootToken": .string(token.rootToken.checksummed),
        "child": .string(token.child.checksummed), "name": .string(token.name),
        "symbol": .string(token.symbol), "decimals": JSONValue(token.decimals),
        "supply": .string(token.supply.description),
      ])
    }
    return .array(tokens)
  }
}
