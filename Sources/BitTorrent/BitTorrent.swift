// BitTorrent: an engine that is driven by events, constant in memory, and knows nothing of money.
//
//                    ┌────────── Session (sockets, timers, one network event loop) ─────────┐
//   bytes ──► Wire ──┤ TorrentEvent ──► TorrentCore ──► TorrentAction ──► Wire ──► bytes    │
//   trackers ────────┤                  │ Picking     │                                     │
//   disk ── Storage ─┤ StorageEvent     │ Choking     └──► Storage (its own threads)        │
//                    └────────────────────────────────────────────────────────────────────┘
//
// `TorrentCore` is the protocol's mind: a state machine without I/O, clock or randomness of its
// own. It takes an event and the time, and appends actions; the session carries these out. So the
// same mind runs on sockets, in tests, and in a simulated swarm.
// Between socket and `Wire` the bytes may be encrypted (`Encryption`): the handshake of that is a
// state machine as well, and what follows is encrypted and decrypted where it lies.
// `DHT` (the distributed hash table) and `LocalDiscovery` are made alike, and find peers for all
// torrents of a session.
