public import Keys
public import Primitives

/// A key that signs digests: in memory, in a key store, or in another program.
public protocol ChannelSigner: Sendable {
  /// The account of the key.
  var address: Address { get }

  /// The signature over a digest.
  func sign(_ digest: Hash256) throws(KeyError) -> Signature
}

extension PrivateKey: ChannelSigner {}
