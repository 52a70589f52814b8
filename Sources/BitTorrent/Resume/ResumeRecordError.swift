/// Why bytes are no resume record.
public enum ResumeRecordError: Error, Equatable, Sendable {
  /// The bytes end within the record.
  case truncated
  /// Bytes follow the record.
  case trailingBytes
  /// A later version of this program made it.
  case unsupportedVersion(UInt8)
  /// The same contents have another, shorter or ordered, encoding.
  case notCanonical
  /// A number or a count is out of range.
  case outOfRange
  /// A path is not UTF-8.
  case notText
}
