internal import Bridge
internal import ChainTypes
internal import JSON
internal import LedgerRPC
internal import Node
internal import TestSupport
internal import Testing

@Suite("The bridge's endpoints", .timeLimit(.minutes(1)))
struct BridgeEndpointTests {
  private func answer(of body: String) async throws -> EndpointError? {
    let server = try await ScriptedServer { _ in ScriptedServer.Reply(body: body) }
    let url = "http://127.0.0.1:\(server.port)/key"
    let client = try JSONRPCClient(HTTPBridgeEndpoint.configuration(url: url))
    let endpoint = HTTPBridgeEndpoint(client: client, url: url)
    var failure: EndpointError?
    do throws(EndpointError) { _ = try await endpoint.call("eth_chainId", []) } catch {
      failure = error
    }
    await client.shutdown()
    await server.stop()
    return failure
  }

  @Test("tell no more of an error than fits an alarm")
  func clipped() async throws {
    let text = String(repeating: "x", count: 1_000_000)
    let body =
      #"{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"\#(text)","data":"\#(text)"}}"#
    guard case .refused(let cause)? = try await answer(of: body) else {
      Issue.record("it was not refused")
      return
    }
    #expect(cause.message == String(repeating: "x", count: 256))
    #expect(cause.data == nil)
  }

  @Test("take no reply of more values than memory is meant for")
  func manyValues() async throws {
    let values = String(repeating: "0,", count: 4_100_000)
    let body = #"{"jsonrpc":"2.0","id":1,"result":[\#(values)0]}"#
    guard case .malformed? = try await answer(of: body) else {
      Issue.record("it was taken")
      return
    }
  }

  @Test("are named once each, and as many as have to agree")
  func settings() throws {
    var settings = BridgeSettings()
    settings.eth.urls = ["http://a", "http://b"]
    settings.quorum = 2
    try settings.check()
    settings.quorum = 3
    #expect(throws: NodeError.self) { try settings.check() }
    settings.quorum = 0
    settings.bsc.urls = ["http://a", "http://a"]
    #expect(throws: NodeError.self) { try settings.check() }
  }
}
