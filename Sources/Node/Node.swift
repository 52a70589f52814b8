// Node: everything a running node is made of, put together.
//
//   NodeSettings ──► LedgerNode ──┬─ Chain over LevelDB          (Ledger)
//   DataDirectory ─┘              ├─ TransactionPool             (Ledger)
//                                 ├─ SoloConsensus or Follower   (Consensus)
//                                 └─ RPCServer over HTTP         (RPC/)
//
// A node starts and stops as one: the first part that can't go on safely ends the others, each in
// its order, and the reason is what the caller gets.
