// Ledger: the deterministic state machine, and the store that keeps what it did.
//
//   transactions ──► BlockBuilder ─┐                         ┌─► ChainView (reads, one snapshot)
//                                  ├─► Executor ─► StateOverlay ─► StateCommit ─► one write batch
//   sealed block ──► BlockImporter ┘      │
//                                         └─► NativeModule (0x…1010, 0x…1000, …)
//
// `Chain` owns the store and the order of blocks; `ChainView` is an immutable look at one height,
// from which every read is served; `TransactionPool` holds what waits. A block's result is a pure
// function of the state before it and the block: no clock, randomness, task order, dictionary
// order or floating point reaches it.
