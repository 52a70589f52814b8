public import Primitives

/// Where a signature counts: no other contract, chain or program takes it (EIP-712).
public struct EIP712Domain: Hashable, Sendable {
  /// The name that people know the program by.
  public var name: String?
  /// The program's version of its signed structures.
  public var version: String?
  /// The chain.
  public var chainID: UInt256?
  /// The contract that checks the signature.
  public var verifyingContract: Address?
  /// A word that tells apart what the others do not.
  public var salt: Hash256?

  /// A domain of those members that are not nil.
  public init(
    name: String? = nil, version: String? = nil, chainID: UInt256? = nil,
    verifyingContract: Address? = nil, salt: Hash256? = nil
  ) {
    self.name = name
    self.version = version
    self.chainID = chainID
    self.verifyingContract = verifyingContract
    self.salt = salt
  }

  /// The hash that stands for the domain in every digest.
  public var separator: Hash256 {
    var members: [String] = []
    var words: [Hash256] = []
    func add(_ member: String, _ word: Hash256?) {
      guard let word else { return }
      members.append(member)
      words.append(word)
    }
    add("string name", name.map { Keccak256.hash(Array($0.utf8)) })
    add("string version", version.map { Keccak256.hash(Array($0.utf8)) })
    add("uint256 chainId", chainID?.word)
    add("address verifyingContract", verifyingContract?.word)
    add("bytes32 salt", salt)
    return EIP712.structHash(type: "EIP712Domain(\(members.joined(separator: ",")))", words)
  }
}

extension Address {
  /// The address in the low 20 bytes of a word.
  var word: Hash256 {
    Hash256 { word in
      withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: word[12...]).copyMemory(from: $0) }
    }
  }
}
