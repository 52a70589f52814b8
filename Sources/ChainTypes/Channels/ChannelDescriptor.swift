public import Primitives

/// Everything that a channel is, apart from its money: who pays whom, on which chain.
///
/// The ledger keeps only its hash. Whoever calls the module passes the descriptor again.
public struct ChannelDescriptor: Hashable, Sendable {
  /// Who pays.
  public var payer: Address
  /// Who is paid.
  public var payee: Address
  /// Whose key signs the vouchers; zero means the payer's own.
  public var signer: Address
  /// A word of the payer's choice.
  public var salt: Hash256
  /// The least seconds from a close request to the withdrawal.
  public var graceSeconds: UInt32
  /// The least blocks with room from a close request to the withdrawal.
  public var graceBlocks: UInt32
  /// How many channels the payer had opened before this one.
  public var openCount: UInt64
  /// The module that holds the money.
  public var module: Address
  /// The chain.
  public var chainID: UInt64

  /// A descriptor.
  public init(
    payer: Address, payee: Address, signer: Address = .zero, salt: Hash256 = .zero,
    graceSeconds: UInt32, graceBlocks: UInt32, openCount: UInt64,
    module: Address = ChannelModule.address, chainID: UInt64
  ) {
    self.payer = payer
    self.payee = payee
    self.signer = signer
    self.salt = salt
    self.graceSeconds = graceSeconds
    self.graceBlocks = graceBlocks
    self.openCount = openCount
    self.module = module
    self.chainID = chainID
  }

  /// The address whose key signs the vouchers.
  public var voucherSigner: Address { signer == .zero ? payer : signer }

  /// The place where vouchers of this channel count.
  public var domain: ChannelDomain { ChannelDomain(chainID: chainID, module: module) }

  /// `keccak256(abi.encode(payer, payee, signer, salt, graceSeconds, graceBlocks, openCount,
  /// module, chainId))`.
  public var id: ChannelID {
    var writer = ABIWriter()
    write(to: &writer)
    writer.append(module)
    writer.append(chainID)
    return ChannelID(Keccak256.hash(writer.bytes))
  }
}

extension ChannelDescriptor {
  /// The tuple that calls of the module carry; the module and the chain go without saying there.
  public var abiValue: ABIValue {
    .tuple([
      .address(payer), .address(payee), .address(signer), .hash(salt),
      .uint(UInt256(UInt64(graceSeconds))), .uint(UInt256(UInt64(graceBlocks))),
      .uint(UInt256(openCount)),
    ])
  }

  /// How many bytes the tuple takes in call data.
  package static let abiSize = 7 * 32

  /// Reads the tuple of a call to the module of `domain`.
  package init(reading reader: inout ABIReader, in domain: ChannelDomain) throws(ABIError) {
    self.init(
      payer: try reader.readAddress(), payee: try reader.readAddress(),
      signer: try reader.readAddress(), salt: try reader.readHash(),
      graceSeconds: try reader.readUInt32(), graceBlocks: try reader.readUInt32(),
      openCount: try reader.readUInt64(), module: domain.module, chainID: domain.chainID)
  }

  private func write(to writer: inout ABIWriter) {
    writer.append(payer)
    writer.append(payee)
    writer.append(signer)
    writer.append(salt)
    writer.append(UInt64(graceSeconds))
    writer.append(UInt64(graceBlocks))
    writer.append(openCount)
  }
}

extension ABIReader {
  /// The next value, a `uint32`.
  package mutating func readUInt32() throws(ABIError) -> UInt32 {
    UInt32(truncatingIfNeeded: try readUInt256(bits: 32).low)
  }

  /// The next value, a `uint128`.
  package mutating func readUInt128() throws(ABIError) -> UInt128 {
    try readUInt256(bits: 128).low
  }
}
