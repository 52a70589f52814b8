public import Keys
public import Primitives

/// Why joined signatures are not those of a quorum.
public enum QuorumError: Error, Equatable, Sendable {
  /// The bytes are no multiple of 65, or more than a contract takes.
  case wrongLength(Int)
  /// A signature is malformed: high s, or v neither 27 nor 28.
  case signature(index: Int, SignatureError)
  /// A signer is no validator of the set.
  case stranger(Address)
  /// A signer does not stand after the one before.
  case notAscending(Address)
  /// The signers do not have more than two thirds of the weight.
  case belowQuorum
}

extension QuorumError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .wrongLength(let count): "\(count) bytes are not joined signatures of 65 bytes each"
    case .signature(let index, let cause): "signature \(index) is irregular: \(cause)"
    case .stranger(let signer): "\(signer) signed and is no validator of the set"
    case .notAscending(let signer): "the signature of \(signer) does not stand in ascending order"
    case .belowQuorum: "the signers have two thirds of the weight or less: collect more signatures"
    }
  }
}

/// Signatures of validators over one digest, joined as the root contract takes them.
public enum QuorumSignatures {
  /// Signatures ascending by signer, without anything between.
  public static func join(_ signatures: [(signer: Address, signature: Signature)]) -> [UInt8] {
    signatures.sorted { $0.signer < $1.signer }.flatMap(\.signature.bytes)
  }

  /// The signers of `digest`, ascending, checked as the root contract does: whatever is irregular
  /// refuses the whole.
  public static func verify(
    _ bytes: [UInt8], digest: Hash256, weights: [Address: UInt256]
  ) throws(QuorumError) -> [Address] {
    guard bytes.count % 65 == 0, bytes.count <= 65 * ValidatorSetStatement.maximumCount else {
      throw .wrongLength(bytes.count)
    }
    var signers: [Address] = []
    var signed = UInt256.zero
    for start in stride(from: 0, to: bytes.count, by: 65) {
      let signer: Address
      do throws(SignatureError) {
        signer = try Signature(bytes: bytes[start..<(start + 65)]).recoverAddress(digest: digest)
      } catch {
        throw .signature(index: signers.count, error)
      }
      guard let weight = weights[signer] else { throw .stranger(signer) }
      if let last = signers.last, last >= signer { throw .notAscending(signer) }
      signers.append(signer)
      signed = signed &+ weight
    }
    let total = weights.values.reduce(UInt256.zero, &+)
    guard isQuorum(signed, of: total) else { throw .belowQuorum }
    return signers
  }

  /// Whether a weight is more than two thirds of all; both are below 2^240.
  public static func isQuorum(_ weight: UInt256, of total: UInt256) -> Bool {
    weight &* 3 > total &* 2
  }
}
