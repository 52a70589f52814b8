// The room `BitTorrent`: see docs/ARCHITECTURE.md.
