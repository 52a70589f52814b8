import ChainTypes
import KeyValueStore
import Ledger
import Logging

/// A genesis file that is taken must say the same when it is written and read again, and start a
/// chain whose books hold.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  guard let genesis = try? Genesis(json: bytes) else { return 0 }
  do {
    let again = try Genesis(json: genesis.json().serialized)
    precondition(again == genesis, "written, it reads as another")
    let store = SimulatedStore()
    try Chain.create(genesis, in: store)
    let chain = try Chain(
      store: store, logger: Logger(label: "fuzz", factory: { _ in SwiftLogNoOpLogHandler() }))
    var verifier = ChainVerifier(view: chain.view)
    _ = try verifier.verify()
  } catch {
    preconditionFailure("\(error)")
  }
  return 0
}
