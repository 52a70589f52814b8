// LedgerRPC: calls to a node's JSON-RPC server, for the wallet and for other programs.
//
//   JSONRPCClient ── POST, JSON ──▶ node        one call, or several in a batch
//   JSONRPCClientError                          whose fault, and what to do next
//   TransactionFiller                           chain, nonce, fees and gas, held against the funds
//   TransactionReceipt                          what became of a transaction, and the wait for it
