// Specifications of `BitTorrent`.
