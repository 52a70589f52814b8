// Specifications of `Metainfo`.
