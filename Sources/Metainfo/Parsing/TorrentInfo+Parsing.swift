internal import Primitives

extension TorrentInfo {
  /// Reads and validates an info dictionary.
  ///
  /// - Parameters:
  ///   - rawBytes: the dictionary as it came from a peer or a file; it is kept.
  ///   - expected: hashes that the dictionary must have, if it was asked for by them.
  /// - Throws: `MetainfoError`.
  public init(
    rawBytes: [UInt8], matching expected: InfoHashes? = nil
  ) throws(MetainfoError) {
    // Hashed before it is read: what nobody vouches for is not even parsed.
    if let expected {
      let hashes = InfoHashes(
        v1: expected.v1 == nil ? nil : SHA1Hash(hashing: rawBytes),
        v2: expected.v2 == nil ? nil : Hash256(hashing: rawBytes))
      guard hashes.matches(expected) else { throw .infohashMismatch }
    }
    let document: BencodeDocument
    do { document = try BencodeDocument(rawBytes) } catch { throw .encoding(error) }
    self = try InfoReader(document.root, key: "info").read()
    if let expected, !hashes.matches(expected) { throw .infohashMismatch }
  }
}
