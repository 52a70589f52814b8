internal import ChainTypes
internal import JSON
internal import Primitives

extension EndpointGroup {
  /// What at least a quorum of the endpoints answered, alike or not.
  package func quorum<Value: Sendable>(
    of subject: String,
    _ request: @escaping @Sendable (any BridgeEndpoint) async throws(EndpointError) -> Value
  ) async throws(RootChainError) -> [(endpoint: String, value: Value)] {
    let quorum = quorum
    let answers = await all(request) { answers in
      answers.count { (try? $0.result.get()) != nil } >= quorum
    }
    let values = answers.compactMap { answer in
      (try? answer.result.get()).map { (endpoint: answer.endpoint, value: $0) }
    }
    guard values.count >= quorum else { throw failure(on: subject, answers) }
    return values
  }

  /// The highest number that a quorum reaches: of what only grows, and of what nobody should name
  /// too high, no minority can make it higher than it is.
  package func reached<Number: Comparable>(_ numbers: [Number]) -> Number? {
    numbers.sorted(by: >).dropFirst(quorum - 1).first
  }

  /// The newest block that a quorum holds for final; without `finality`, that a quorum has.
  package func height(
    of finality: RootFinality?, _ subject: String
  ) async throws(RootChainError) -> UInt64 {
    let heights = try await quorum(of: subject) { endpoint throws(EndpointError) -> UInt64 in
      guard case .tag = finality else {
        let newest = try await endpoint.ask("eth_blockNumber", [], .quantity64)
        guard case .depth(let depth) = finality else { return newest }
        return newest > depth ? newest - depth : 0
      }
      let block = try await endpoint.call("eth_getBlockByNumber", ["finalized", false])
      do throws(RPCValueError) {
        guard let block = block.objectValue else { throw .wrongType(expected: "a block") }
        return try block.required("number", .quantity64)
      } catch {
        throw .malformed("finalized block: \(error)")
      }
    }
    guard let height = reached(heights.map(\.value)) else { throw .unreachable(subject) }
    return height
  }
}
