// The room `TrackerHTTP`: see docs/ARCHITECTURE.md.
