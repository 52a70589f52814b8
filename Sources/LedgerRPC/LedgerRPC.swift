// LedgerRPC: calls to a node's JSON-RPC server, for the wallet and for other programs.
//
//   JSONRPCClient ── POST, JSON ──▶ node        one call, or several in a batch
//   JSONRPCClientError                          whose fault, and what to do next
