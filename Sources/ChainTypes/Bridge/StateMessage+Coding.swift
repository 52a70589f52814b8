public import Primitives

/// Why bytes are not a message of a root chain.
public enum StateMessageError: Error, Equatable, Sendable {
  /// There are more bytes than a state sender sends.
  case tooLarge
  /// The type is none that is known here.
  case unknownType(Hash256)
  /// The ABI encoding is malformed.
  case malformed(ABIError)
  /// The values have another encoding, which is the one that is ever made.
  case notCanonical
  /// The kind of token is none that is known here.
  case unknownTokenKind(Hash256)
  /// A name or symbol is empty or too long.
  case badName
}

extension StateMessageError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .tooLarge: "a state message has at most \(StateSynced.maximumDataCount) bytes"
    case .unknownType(let type): "no state message has the type \(type)"
    case .malformed(let cause): "malformed state message: \(cause)"
    case .notCanonical: "state message is not in its one canonical encoding"
    case .unknownTokenKind(let kind): "no kind of token has the hash \(kind)"
    case .badName: "a token's name has 1 to 64 bytes, its symbol 1 to 32"
    }
  }
}

extension StateMessage {
  /// `keccak256("DEPOSIT")`.
  public static let depositType = Keccak256.hash(Array("DEPOSIT".utf8))
  /// `keccak256("MAP_TOKEN")`.
  public static let mapTokenType = Keccak256.hash(Array("MAP_TOKEN".utf8))

  /// Decodes the data of a `StateSynced` log, strictly: what encodes to other bytes is refused.
  public init(decoding data: [UInt8]) throws(StateMessageError) {
    guard data.count <= StateSynced.maximumDataCount else { throw .tooLarge }
    let type: Hash256
    var reader: ABIReader
    do throws(ABIError) {
      var outer = ABIReader(data)
      type = try outer.readHash()
      reader = ABIReader(try outer.readBytes())
    } catch {
      throw .malformed(error)
    }
    switch type {
    case Self.depositType: self = .deposit(try BridgeDeposit(reading: &reader))
    case Self.mapTokenType: self = .mapToken(try TokenMapping(reading: &reader))
    default: throw .unknownType(type)
    }
    guard encoded == data else { throw .notCanonical }
  }

  /// The canonical bytes: `abi.encode(bytes32 syncType, bytes syncData)`.
  public var encoded: [UInt8] {
    var writer = ABIWriter()
    switch self {
    case .deposit(let deposit):
      writer.append(Self.depositType)
      writer.append(bytes: deposit.syncData)
    case .mapToken(let mapping):
      writer.append(Self.mapTokenType)
      writer.append(bytes: mapping.syncData)
    }
    return writer.bytes
  }
}

extension BridgeDeposit {
  fileprivate init(reading reader: inout ABIReader) throws(StateMessageError) {
    do throws(ABIError) {
      user = try reader.readAddress()
      rootToken = try reader.readAddress()
      rootID = try reader.readUInt64()
      var inner = ABIReader(try reader.readBytes())
      amount = try inner.readUInt256()
      depositor = try inner.readAddress()
    } catch {
      throw .malformed(error)
    }
  }

  /// `abi.encode(user, rootToken, rootId, abi.encode(amount, depositor))`.
  public var syncData: [UInt8] {
    var inner = ABIWriter()
    inner.append(amount)
    inner.append(depositor)
    var writer = ABIWriter()
    writer.append(user)
    writer.append(rootToken)
    writer.append(rootID)
    writer.append(bytes: inner.bytes)
    return writer.bytes
  }
}

extension TokenMapping {
  fileprivate init(reading reader: inout ABIReader) throws(StateMessageError) {
    let kindHash: Hash256
    do throws(ABIError) {
      rootToken = try reader.readAddress()
      childToken = try reader.readAddress()
      rootID = try reader.readUInt64()
      kindHash = try reader.readHash()
      name = try reader.readBytes()
      symbol = try reader.readBytes()
      decimals = UInt8(truncatingIfNeeded: try reader.readUInt256(bits: 8).low)
    } catch {
      throw .malformed(error)
    }
    guard let kind = Kind.allCases.first(where: { $0.hash == kindHash }) else {
      throw .unknownTokenKind(kindHash)
    }
    self.kind = kind
    guard (1...Self.maximumNameCount).contains(name.count),
      (1...Self.maximumSymbolCount).contains(symbol.count)
    else { throw .badName }
  }

  /// `abi.encode(rootToken, childToken, rootId, tokenType, name, symbol, decimals)`.
  public var syncData: [UInt8] {
    var writer = ABIWriter()
    writer.append(rootToken)
    writer.append(childToken)
    writer.append(rootID)
    writer.append(kind.hash)
    writer.append(bytes: name)
    writer.append(bytes: symbol)
    writer.append(UInt64(decimals))
    return writer.bytes
  }
}
