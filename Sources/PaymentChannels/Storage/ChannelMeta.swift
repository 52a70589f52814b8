package import ChainTypes
internal import KeyValueStore
package import Primitives

/// Whose books a store holds, and up to which block they follow the ledger.
package struct ChannelMeta: Hashable, Sendable {
  package static let schema: UInt64 = 1
  package static let key = ChannelTables.meta.key([])

  package var chainID: UInt64
  package var module: Address
  package var account: Address
  /// A random name of the store, which the key's lock file repeats.
  package var storeID: Hash256
  /// How many times the store was opened.
  package var epoch: UInt64 = 0
  /// The last block whose events are in the books.
  package var followed: UInt64

  private static let version: UInt8 = 1

  package init(domain: ChannelDomain, account: Address, storeID: Hash256, followed: UInt64) {
    chainID = domain.chainID
    module = domain.module
    self.account = account
    self.storeID = storeID
    self.followed = followed
  }

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version)
    writer.append(Self.schema)
    writer.append(chainID)
    writer.append(module)
    writer.append(account)
    writer.append(storeID)
    writer.append(epoch)
    writer.append(followed)
    return writer.bytes
  }

  package init(row: [UInt8]) throws(ChannelError) {
    let schema: UInt64
    do throws(RowError) {
      var reader = try RowReader(row, version: Self.version)
      schema = try reader.read()
      chainID = try reader.read()
      module = try reader.readAddress()
      account = try reader.readAddress()
      storeID = try reader.readHash()
      epoch = try reader.read()
      followed = try reader.read()
      try reader.finish()
    } catch {
      throw .damagedRow(table: "m", key: "")
    }
    guard schema == Self.schema else { throw .newerSchema(found: schema, known: Self.schema) }
  }

  /// Throws unless the books are those of this account on this chain.
  package func check(domain: ChannelDomain, account: Address) throws(ChannelError) {
    guard chainID == domain.chainID, module == domain.module else {
      throw .foreignStore(
        "they are of chain \(chainID), module \(module); this is chain \(domain.chainID), module "
          + "\(domain.module)")
    }
    guard self.account == account else {
      throw .foreignStore("they are of \(self.account), and the key is that of \(account)")
    }
  }
}
