import ChainTypes
import Dispatch
import JSON
import KeyValueStore
import Ledger
import Logging
import Node

/// A node's methods over a chain of one block.
private let processor: JSONRPCProcessor = {
  do {
    let logger = Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() })
    let genesis = try Genesis(json: Array(genesisFile.utf8))
    let store = SimulatedStore()
    try Chain.create(genesis, in: store)
    let chain = try Chain(store: store, logger: logger)
    let pool = try TransactionPool(view: chain.view, clock: { 1_000 }, logger: logger)
    var backend = NodeBackend(chain: chain, pool: pool, role: .validator)
    // Waiting for receipts ends at once: nobody makes blocks here.
    backend.sleep = { _ in }
    var limits = JSONRPCProcessor.Limits()
    limits.timeout = .seconds(4)
    return JSONRPCProcessor(
      methods: NodeMethods.table(for: backend), limits: limits, logger: logger)
  } catch {
    preconditionFailure("\(error)")
  }
}()

private let genesisFile = """
  {"config": {"chainId": 1337}, "gasLimit": "0xe4e1c00",
   "btt": {"name": "fuzz", "supply": "990000000000000000000000000000000",
     "validators": [{"address": "0x0000000000000000000000000000000000000022", "weight": 1}],
     "modules": {"0x0000000000000000000000000000000000001000": "validatorSet",
       "0x0000000000000000000000000000000000001010": "btt"},
     "fees": {"floor": "0", "baseFee": "burn"}},
   "alloc": {"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266":
     {"balance": "10000000000000000000000000"}}}
  """

/// Whatever comes, the answer is JSON-RPC 2.0, or nothing when only notifications came.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let context = RPCRequestContext(isAdmin: true, peer: "127.0.0.1")
  switch processor.begin(bytes, context: context) {
  case .reply(let reply): check(reply)
  case .work(let work):
    let done = DispatchSemaphore(value: 0)
    Task.detached {
      check(await work.run())
      done.signal()
    }
    done.wait()
  }
  return 0
}

private func check(_ reply: [UInt8]?) {
  guard let reply else { return }
  guard let value = try? JSONValue.parse(reply) else { preconditionFailure("the reply is no JSON") }
  for answer in value.arrayValue ?? [value] {
    precondition(answer["jsonrpc"]?.stringValue == "2.0", "not JSON-RPC 2.0")
    precondition((answer["result"] == nil) != (answer["error"] == nil), "neither or both")
  }
}
