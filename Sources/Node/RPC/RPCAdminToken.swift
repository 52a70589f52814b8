/// The secret that opens the administrator's methods; no description of it shows it.
public struct RPCAdminToken: Sendable {
  /// How short a token may be: 16 characters of hex are 64 bits, too many to try over a network.
  public static let minimumCount = 16

  private let bytes: [UInt8]

  /// A token, or nil when it is shorter than `minimumCount` or has other than printable ASCII.
  public init?(_ text: String) {
    guard text.utf8.count >= Self.minimumCount, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else {
      return nil
    }
    bytes = Array(text.utf8)
  }

  /// Whether `candidate` is the token, found in a time that depends on its length only.
  func matches(_ candidate: some StringProtocol) -> Bool {
    let candidate = Array(candidate.utf8)
    var difference = bytes.count ^ candidate.count
    for (index, byte) in candidate.enumerated() {
      difference |= Int(byte ^ bytes[index % bytes.count])
    }
    return difference == 0
  }
}

extension RPCAdminToken: CustomStringConvertible, CustomReflectable {
  /// A text that stands for any token.
  public var description: String { "<administrator's token>" }
  /// No parts.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}
