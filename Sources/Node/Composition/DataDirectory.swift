internal import Foundation
public import KeyValueStore

/// Where a node keeps what it must not lose.
///
///     DIR/chain/            the database (LevelDB; its LOCK keeps a second process out)
///     DIR/genesis.json      what the chain started from
///     DIR/config.toml       settings, if any
///     DIR/keystore/         the validator's key, encrypted
///     DIR/validator.guard   the last block the validator sealed
///     DIR/pool.journal      transactions that wait
///     DIR/channels/         payment channels' books, and the lock of their key
///     DIR/torrents/         the session's torrents, and how far they are
///     DIR/downloads/        torrents' files, unless others are named
///     DIR/bridge/           what the bridge has read of root chains, and what it has on its way
///     DIR/admin.token       what admits to methods that change the node
public struct DataDirectory: Hashable, Sendable {
  /// The directory.
  public let path: String

  /// The directory at `path`, which need not exist.
  public init(path: String) {
    self.path = URL(fileURLWithPath: path).standardizedFileURL.path
  }

  /// The default: `$XDG_DATA_HOME/btt/node`, or `~/.local/share/btt/node`.
  public static func standard(environment: [String: String]) -> DataDirectory {
    let base = environment["XDG_DATA_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let home = environment["HOME"] ?? "."
    return DataDirectory(path: (base ?? home + "/.local/share") + "/btt/node")
  }

  /// The database's directory.
  public var chain: String { path + "/chain" }
  /// The genesis file.
  public var genesisFile: String { path + "/genesis.json" }
  /// The settings file.
  public var configurationFile: String { path + "/config.toml" }
  /// The validator's keystore.
  public var keystore: String { path + "/keystore" }
  /// The double-sign guard.
  public var guardFile: String { path + "/validator.guard" }
  /// The pool's journal.
  public var poolJournal: String { path + "/pool.journal" }
  /// The directory of payment channels' books.
  public var channels: String { path + "/channels" }
  /// The directory of the session of torrents.
  public var torrents: String { path + "/torrents" }
  /// The directory of torrents' files.
  public var downloads: String { path + "/downloads" }
  /// The directory of the bridge's tables.
  public var bridge: String { path + "/bridge" }
  /// The administrator's token.
  public var tokenFile: String { path + "/admin.token" }

  /// Makes the directory, for its owner's eyes only.
  ///
  /// - Throws: `NodeError`.
  public func create() throws(NodeError) {
    do {
      try FileManager.default.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw NodeError(
        .dataDirectory,
        "cannot make the data directory \(path): \(error.localizedDescription); choose another "
          + "with --data-dir")
    }
  }

  /// Makes the directory of payment channels' books.
  func createChannels() throws(NodeError) { try DataDirectory(path: channels).create() }

  /// Makes the directory of the session of torrents.
  func createTorrents() throws(NodeError) { try DataDirectory(path: torrents).create() }

  /// Makes the directory of the bridge's tables.
  func createBridge() throws(NodeError) { try DataDirectory(path: bridge).create() }

  /// Opens the database.
  ///
  /// - Throws: `StoreError`; `NodeError` when there is none and none is to be made.
  public func openStore(createIfMissing: Bool) throws -> LevelDBStore {
    if !createIfMissing, !FileManager.default.fileExists(atPath: chain) {
      throw NodeError(
        .dataDirectory,
        "\(path) holds no chain: make one with `btt node init --data-dir \(path)`, or give the "
          + "right --data-dir")
    }
    // LevelDB makes its own directory, not those above it.
    if createIfMissing { try create() }
    var configuration = LevelDBStore.Configuration(path: chain)
    configuration.createIfMissing = createIfMissing
    configuration.writeBufferBytes = 16 << 20
    configuration.blockCacheBytes = 32 << 20
    return try LevelDBStore(configuration: configuration)
  }

  /// Writes a file whole or not at all, readable by the owner only.
  ///
  /// - Throws: `NodeError`.
  public func write(_ bytes: [UInt8], to file: String) throws(NodeError) {
    let temporary = file + ".new"
    do {
      try create()
      guard
        FileManager.default.createFile(
          atPath: temporary, contents: Data(bytes), attributes: [.posixPermissions: 0o600])
      else { throw CocoaError(.fileWriteUnknown) }
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: temporary))
      try handle.synchronize()
      try handle.close()
      guard rename(temporary, file) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch let error as NodeError {
      throw error
    } catch {
      throw NodeError(
        .dataDirectory, "cannot write \(file): \(error.localizedDescription); check the disk")
    }
  }

  /// Reads a file of at most `limit` bytes; nil when there is none.
  ///
  /// - Throws: `NodeError`.
  public static func read(_ file: String, limit: Int) throws(NodeError) -> [UInt8]? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    do {
      let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
      defer { try? handle.close() }
      let bytes = try handle.read(upToCount: limit + 1) ?? Data()
      guard bytes.count <= limit else {
        throw NodeError(.file, "\(file) has more than \(limit) bytes")
      }
      return [UInt8](bytes)
    } catch let error as NodeError {
      throw error
    } catch {
      throw NodeError(.file, "cannot read \(file): \(error.localizedDescription)")
    }
  }

  /// The administrator's token; a new one is made when there is none.
  ///
  /// - Throws: `NodeError`.
  public func adminToken() throws(NodeError) -> RPCAdminToken {
    if let bytes = try Self.read(tokenFile, limit: 4_096) {
      let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(
        in: .whitespacesAndNewlines)
      guard let token = RPCAdminToken(text) else {
        throw NodeError(
          .dataDirectory,
          "\(tokenFile) holds no token of at least \(RPCAdminToken.minimumCount) characters: "
            + "remove it and a new one is made")
      }
      return token
    }
    var generator = SystemRandomNumberGenerator()
    let text = (0..<4).map { _ in
      let digits = String(generator.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
    try write(Array((text + "\n").utf8), to: tokenFile)
    guard let token = RPCAdminToken(text) else {
      throw NodeError(.dataDirectory, "cannot make a token for \(tokenFile)")
    }
    return token
  }
}
