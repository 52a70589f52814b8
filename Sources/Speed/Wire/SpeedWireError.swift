/// Why bytes are no message of the extension.
public enum SpeedWireError: Error, Hashable, Sendable {
  /// The first byte names no kind of message that is known here; such messages are passed over.
  case unknownKind(UInt8)
  /// A message of this kind has another length.
  case wrongLength(UInt8, Int)
  /// A field is outside its bounds.
  case outOfBounds
  /// A signature has a form that no signer makes.
  case invalidSignature
  /// The handshake's entry is not the dictionary it should be.
  case invalidHandshake
}
