public import Keys
public import Primitives

/// A validator's signature over a block: what makes it final.
///
/// It stands beside the block, never in its header. The signed digest is
/// `keccak256(typeHash ‖ chainId ‖ height ‖ blockHash)`, each 32 bytes wide, with the type hash
/// that of `BTTBlockSeal(uint256 chainId,uint64 height,bytes32 blockHash)`, so that no seal can
/// pass for a transaction, a voucher, or a seal of another chain or height.
public struct BlockSeal: Hashable, Sendable {
  /// The validator's signature.
  public var signature: Signature

  private static let typeHash = Keccak256.hash(
    Array("BTTBlockSeal(uint256 chainId,uint64 height,bytes32 blockHash)".utf8))

  /// A seal with this signature.
  public init(signature: Signature) { self.signature = signature }

  /// Seals a block.
  ///
  /// - Throws: `KeyError` when the library refuses to sign.
  public init(chainID: UInt64, height: UInt64, blockHash: Hash256, key: PrivateKey) throws {
    signature = try key.sign(
      Self.digest(chainID: chainID, height: height, blockHash: blockHash))
  }

  /// What a validator signs.
  public static func digest(chainID: UInt64, height: UInt64, blockHash: Hash256) -> Hash256 {
    let words = [typeHash, UInt256(chainID).word, UInt256(height).word, blockHash]
    return Keccak256.hash(words.flatMap(\.bytes))
  }

  /// The address that made this seal for the given block.
  ///
  /// - Throws: `SignatureError` when no key can have made it.
  public func recoverSigner(
    chainID: UInt64, height: UInt64, blockHash: Hash256
  ) throws(SignatureError) -> Address {
    try signature.recoverAddress(
      digest: Self.digest(chainID: chainID, height: height, blockHash: blockHash))
  }
}

/// A block and its seal, as followers fetch it and as export files hold it.
public struct SealedBlock: Hashable, Sendable {
  /// The block.
  public var block: Block
  /// Its validator's seal.
  public var seal: BlockSeal

  /// A sealed block.
  public init(block: Block, seal: BlockSeal) {
    self.block = block
    self.seal = seal
  }

  /// RLP of [block, 65 bytes of seal].
  public var encoded: [UInt8] {
    RLPEncoder.list { list in
      list.append(encoded: block.encoded)
      list.append(seal.signature.bytes)
    }
  }

  /// Decodes a sealed block with nothing after it.
  public init(decoding bytes: [UInt8]) throws(BlockError) {
    let parts: (block: [UInt8], seal: [UInt8])
    do throws(RLPError) {
      var list = try RLPDecoder.list(bytes)
      parts = ([UInt8](try list.readEncodedItem()), try list.readBytes())
      try list.finish()
    } catch {
      throw .malformed(error)
    }
    block = try Block(decoding: parts.block)
    do throws(SignatureError) {
      seal = BlockSeal(signature: try Signature(bytes: parts.seal))
    } catch {
      throw .seal(error)
    }
  }
}
