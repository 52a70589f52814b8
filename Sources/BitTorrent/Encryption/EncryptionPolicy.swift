/// Whether connections to peers are encrypted (message stream encryption).
///
/// What it hides is the kind of traffic, from those who only look; it is no secrecy.
public enum EncryptionPolicy: String, CaseIterable, Hashable, Sendable {
  /// Never: encrypted connections are neither made nor accepted.
  case off
  /// Both kinds are accepted; plain ones are made, and an encrypted one where that fails.
  case allow
  /// Both kinds are accepted; encrypted ones are made, and a plain one where that fails.
  case prefer
  /// Always: plain connections are neither made nor accepted.
  case require
}
