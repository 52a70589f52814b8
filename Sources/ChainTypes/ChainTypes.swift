// ChainTypes: what travels between the ledger, its clients and its peers.
//
//   Transaction → SignedTransaction → (recovered) sender        types 0, 1 and 2
//   BlockHeader, Block, BlockSeal, SealedBlock                   Ethereum's formats, sealed beside
//   Receipt, Log, Bloom                                          what a transaction left behind
//   ChannelDescriptor, Voucher, Release, LedgerClient             payment channels, for both sides
//   Genesis                                                      geth's JSON and one object of ours
//
// Each type is valid by construction: a decoder throws, or its result can be hashed, stored and
// sent as it is. Nothing here executes or stores anything; that is the Ledger's job.
