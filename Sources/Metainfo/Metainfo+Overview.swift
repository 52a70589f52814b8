// Metainfo: what a torrent is, from bytes that nobody vouches for to values that can be relied on.
//
//   .torrent bytes ──► BencodeReader ──► Metainfo ─┬─► TorrentInfo ──► PieceLayout (piece ↔ files)
//   ut_metadata bytes ───────────────────────────► │                └► PieceExpectation (hashes)
//   magnet: link ──► MagnetLink                    └─► PieceLayers (BEP 52)
//
//   folder ──► TorrentCreator ──► Metainfo        files + TorrentInfo ──► PieceChecker ──► verdicts
//
// A `TorrentInfo` that exists is valid: its sizes are bounded, its paths stay inside the folder
// they are given, and its hashes cover every piece. It keeps the info dictionary's own bytes, which
// is what the infohash is taken over and what is given to peers that came by a magnet link.
