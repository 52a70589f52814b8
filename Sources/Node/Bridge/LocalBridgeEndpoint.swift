package import Bridge
internal import ChainTypes
package import JSON

/// The node's own methods, called without a network.
package struct LocalBridgeEndpoint: BridgeEndpoint {
  package let name = "this node"
  private let methods: RPCMethodTable

  /// The methods of a table.
  package init(methods: RPCMethodTable) { self.methods = methods }

  package func call(
    _ method: String, _ params: [JSONValue]
  ) async throws(EndpointError) -> JSONValue {
    guard let entry = methods[method] else { throw .refused(.methodNotFound(method)) }
    let result: RPCResult
    do {
      let context = RPCRequestContext(isAdmin: true)
      switch entry.handler {
      case .immediate(let body): result = try body(context, RPCParams(params))
      case .asynchronous(let body): result = try await body(context, RPCParams(params))
      }
    } catch {
      throw .refused(error as? RPCError ?? .internal)
    }
    switch result {
    case .value(let value): return value
    case .raw(let bytes):
      do throws(JSONError) { return try JSONValue.parse(bytes) } catch {
        throw .malformed("\(error)")
      }
    }
  }
}
