public import Primitives

/// Why a key could not be read from or written to a key store.
///
/// No case carries a password or any part of a key.
public enum KeyStoreError: Error, Equatable, Sendable {
  /// The file is whole, but the password does not open it.
  case wrongPassword(Address?)
  /// The file is not what it should be.
  case corrupt(String)
  /// The file is of a kind that is not supported.
  case unsupported(String)
  /// The key in the file belongs to another address than the file says.
  case addressMismatch(file: Address, key: Address)
  /// No file in the directory holds the account.
  case noAccount(Address, directory: String)
  /// The account has a file already.
  case accountExists(Address, path: String)
  /// More than one file claims the account.
  case ambiguous(Address, paths: [String])
  /// The system refused to derive the key, most likely for lack of memory.
  case derivationFailed
  /// The system refused an operation on a file.
  case file(operation: String, path: String, reason: String)
}

extension KeyStoreError: CustomStringConvertible {
  /// What happened, to which account, and the next step.
  public var description: String {
    switch self {
    case .wrongPassword(let address):
      "wrong password for \(address.map(String.init(describing:)) ?? "this key"): "
        + "type it again, mind case and keyboard layout"
    case .corrupt(let what):
      "key file is corrupt: \(what); restore it from a backup, or import the key again"
    case .unsupported(let what):
      "key file is not supported: \(what); export the key as Web3 Secret Storage version 3"
    case .addressMismatch(let file, let key):
      "key file says \(file) but holds the key of \(key): correct its address field or restore "
        + "it from a backup"
    case .noAccount(let address, let directory):
      "no key for \(address) in \(directory): list the accounts there, or import the key"
    case .accountExists(let address, let path):
      "there is a key for \(address) already, in \(path): change its password instead"
    case .ambiguous(let address, let paths):
      "more than one key file for \(address): keep one of \(paths.joined(separator: ", "))"
    case .derivationFailed:
      "the password could not be turned into a key: free some memory and try again"
    case .file(let operation, let path, let reason):
      "cannot \(operation) \(path): \(reason)"
    }
  }
}
