// Trie: Ethereum's Merkle Patricia trie (Yellow Paper, appendix D).
//
//   MerklePatriciaTrie   any keys, in memory, one copy per value: small tries and the yardstick
//   OrderedTrie          the root over a block's transactions or receipts
//   StateTrie            32-byte keys, branches as rows of a store, leaves in the flat state
//   StreamingTrie        the same root from sorted entries in bounded memory
//   TrieProof            what a stranger's nodes prove about one key
//
// A block's changes pass through the state trie like this:
//
//   changes ──► SubtrieUpdater: 16 subtries on all cores ──► dirty branches, new leaves
//                  ▲ node(at:), leaf(under:)                      │ NodeBatch, level by level
//               TrieSource (state before the block)               ▼
//                                                    TrieCommit: root, rows new and old
//
// All nodes, whatever made them, are encoded by NodeBatch and no other place.
