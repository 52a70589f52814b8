public import ChainTypes
public import Primitives

/// An account as the state trie holds it (Yellow Paper section 4.1).
public struct Account: Hashable, Sendable {
  /// The number of transactions it sent; 1 for a module.
  public var nonce: UInt64
  /// Its money, in wei.
  public var balance: UInt256
  /// The root of its storage trie.
  public var storageRoot: Hash256
  /// Keccak of its code.
  public var codeHash: Hash256

  /// An account.
  public init(
    nonce: UInt64 = 0, balance: UInt256 = .zero,
    storageRoot: Hash256 = BlockHeader.emptyTrieRoot, codeHash: Hash256 = Keccak256.emptyHash
  ) {
    self.nonce = nonce
    self.balance = balance
    self.storageRoot = storageRoot
    self.codeHash = codeHash
  }

  /// Whether there is nothing in it: such an account is not in the state (EIP-161).
  public var isEmpty: Bool { nonce == 0 && balance.isZero && !hasCode }

  /// Whether it has code; here that makes it a module.
  public var hasCode: Bool { codeHash != Keccak256.emptyHash }

  /// The leaf of the state trie.
  public var trieValue: [UInt8] {
    var encoder = RLPEncoder(capacity: 112)
    encoder.list { list in
      list.append(nonce)
      list.append(balance)
      list.append(storageRoot)
      list.append(codeHash)
    }
    return encoder.bytes
  }

  /// The database row: as the leaf, with the two hashes of an ordinary account left out.
  var row: [UInt8] {
    var encoder = RLPEncoder(capacity: 112)
    encoder.list { list in
      list.append(nonce)
      list.append(balance)
      if hasCode || storageRoot != BlockHeader.emptyTrieRoot {
        list.append(storageRoot)
        list.append(codeHash)
      }
    }
    return encoder.bytes
  }

  /// Reads a row; nil when it is damaged.
  init?(row: [UInt8]) {
    do throws(RLPError) {
      var list = try RLPDecoder.list(row)
      self.init(nonce: try list.readUInt64(), balance: try list.readUInt256())
      if !list.isAtEnd {
        storageRoot = try list.readHash()
        codeHash = try list.readHash()
      }
      try list.finish()
    } catch {
      return nil
    }
  }
}
