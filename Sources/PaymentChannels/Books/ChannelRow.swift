package import ChainTypes
internal import Primitives

/// What a channel is, and what the books' owner is to it.
package struct ChannelRow: Hashable, Sendable {
  package var role: ChannelRole
  package var descriptor: ChannelDescriptor

  private static let version: UInt8 = 1

  package init(role: ChannelRole, descriptor: ChannelDescriptor) {
    self.role = role
    self.descriptor = descriptor
  }

  package var row: [UInt8] {
    var writer = RowWriter(version: Self.version, capacity: 128)
    writer.append(role.rawValue)
    writer.append(descriptor.payer)
    writer.append(descriptor.payee)
    writer.append(descriptor.signer)
    writer.append(descriptor.salt)
    writer.append(descriptor.graceSeconds)
    writer.append(descriptor.graceBlocks)
    writer.append(descriptor.openCount)
    return writer.bytes
  }

  /// The module and the chain are those of the whole store.
  package init(row: [UInt8], in domain: ChannelDomain) throws(RowError) {
    var reader = try RowReader(row, version: Self.version)
    guard let role = ChannelRole(rawValue: try reader.read()) else { throw .malformed }
    self.role = role
    descriptor = ChannelDescriptor(
      payer: try reader.readAddress(), payee: try reader.readAddress(),
      signer: try reader.readAddress(), salt: try reader.readHash(),
      graceSeconds: try reader.read(), graceBlocks: try reader.read(),
      openCount: try reader.read(), module: domain.module, chainID: domain.chainID)
    try reader.finish()
  }
}
