// Bridge: what moves assets between root chains and this one, outside the ledger.
//
//   root chain ─ EndpointGroup ─ EthereumRootChain ─► RootFollower ─► BridgeStore
//     endpoints that must agree      finality, hashes     ids without gaps   messages with proofs
//                                                                                  │
//   sidechain  ◄─ TransactionSender ◄──────────────── RootRelay ◄──────────────────┤
//     votes, proofs, checkpoint signatures              what is still to be done   │
//   root chain ◄─ TransactionSender ◄───── checkpoints ─────┘                      │
//                                                                                  ▼
//   BridgeService runs all of it, and answers: status, proofs, tokens, alarms   BridgeStatus
//
// Nothing here is trusted by anybody: the ledger checks each proof, the root contract each
// signature. What goes wrong here can delay money, and cannot lose or make any.
//
// Every step begins with what the two chains and the store say, and ends with what is stored; a
// crash between two steps repeats work and loses none.
