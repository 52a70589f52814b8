internal import ArgumentParser
internal import Foundation
internal import Keys

/// Which directory holds the keys.
struct KeyStoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Directory of the keys (environment: BTT_KEYSTORE; default: $XDG_DATA_HOME/btt/keystore).
      """, valueName: "directory"),
    completion: .directory)
  var keystore: String?

  func directory() throws -> String {
    if let directory = keystore ?? Environment.keystore.value { return directory }
    if let data = Environment.dataHome.value { return data + "/btt/keystore" }
    guard let home = Environment.home.value else {
      throw CommandFailure(
        .noKey, "no directory for keys: HOME is not set", next: "give --keystore DIRECTORY")
    }
    return home + "/.local/share/btt/keystore"
  }

  /// The store, made when it is not there.
  func open() throws -> KeyStore { try KeyStore(directory: directory()) }

  /// The store, or nil when there is none: looking for keys makes no directory.
  func openExisting() throws -> KeyStore? {
    try FileManager.default.fileExists(atPath: directory()) ? open() : nil
  }
}
