/// What a session wants of encryption.
public struct EncryptionSettings: Hashable, Sendable {
  /// Whether connections are encrypted.
  public var policy: EncryptionPolicy
  /// What may follow on an encrypted handshake.
  public var methods: EncryptionMethods

  /// Settings for a policy; without `methods`, RC4 where encryption is required, else both.
  public init(_ policy: EncryptionPolicy, methods: EncryptionMethods? = nil) {
    self.policy = policy
    self.methods = methods ?? (policy == .require ? .rc4 : [.plain, .rc4])
  }

  /// Whether plain connections are made and accepted.
  public var allowsPlain: Bool { policy != .require }
  /// Whether encrypted connections are made and accepted.
  public var allowsEncrypted: Bool { policy != .off }
  /// Whether the first attempt at a peer is encrypted.
  public var beginsEncrypted: Bool { policy == .prefer || policy == .require }
  /// Whether a peer that does not take a connection of one kind is tried with the other.
  public var triesBoth: Bool { policy == .allow || policy == .prefer }

  /// What is chosen of a peer's offer, or nil if nothing in it is allowed.
  public func choice(of offer: EncryptionMethods) -> EncryptionMethods? {
    let common = offer.intersection(methods)
    // Who prefers encryption has it to the end; others spare both sides the work.
    let order: [EncryptionMethods] = beginsEncrypted ? [.rc4, .plain] : [.plain, .rc4]
    return order.first { common.contains($0) }
  }
}
