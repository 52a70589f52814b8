package import Bridge
internal import ChainTypes
internal import JSON
internal import Primitives

/// What a node tells of its bridge: `btt_bridge*`; all of it is public and changes nothing.
package struct BridgeMethods: Sendable {
  private let service: BridgeService

  /// The methods over the node's bridge.
  package init(service: BridgeService) { self.service = service }

  /// Adds the methods to a table.
  package func register(in table: inout RPCMethodTable) {
    add("btt_bridgeStatus", 1, to: &table) { service, params in
      let transfers = try await service.status(of: try params.required(0, .hash))
      return .array(transfers.map { .object($0.json) })
    }
    add("btt_bridgeProof", 1, to: &table) { service, params in
      .array(try service.proofs(of: try params.required(0, .hash)).map(\.json))
    }
    add("btt_bridgeClaims", 1, to: &table) { service, params in
      let claims = try await service.claims(of: try params.required(0, .hash))
      return .array(try claims.map { .object(try $0.json()) })
    }
    add("btt_bridgeRoots", 0, to: &table) { service, _ in try await service.roots() }
    add("btt_bridgeTokens", 0, to: &table) { service, _ in try await service.tokens() }
    add("btt_bridgeAlarms", 0, to: &table) { service, _ in
      .array(service.heldAlarms.map { .object($0.json) })
    }
  }

  private func add(
    _ name: String, _ parameters: Int, to table: inout RPCMethodTable,
    _ body: @escaping @Sendable (BridgeService, RPCParams) async throws -> JSONValue
  ) {
    table.addAsynchronous(name, parameters: parameters) { [service] _, params in
      do {
        return .value(try await body(service, params))
      } catch BridgeError.busy {
        throw RPCError.limitExceeded(BridgeError.busy.description)
      } catch let error as BridgeError {
        throw RPCError.notFound(error.description)
      } catch let error as RootChainError {
        throw RPCError.server(error.description)
      }
    }
  }
}
