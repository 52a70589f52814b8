// The room `Metainfo`: see docs/ARCHITECTURE.md.
