/// Why bytes are not the ABI encoding of their types, or values do not have theirs.
public enum ABIError: Error, Equatable, Sendable {
  /// The data ends before a value does.
  case truncated
  /// An offset points behind the end of the data.
  case offsetOutOfBounds
  /// A number, address, boolean or fixed byte string has bits set outside its type's.
  case outOfRange(type: String)
  /// A string is not UTF-8.
  case invalidUTF8
  /// There are more elements or bytes than the reader allows.
  case tooLarge
  /// A value is of another kind or length than its type.
  case typeMismatch(expected: String)
  /// There are more or fewer values, or topics, than types.
  case wrongCount(expected: Int, actual: Int)
  /// The call or event is another one than that asked for.
  case wrongSelector
}

extension ABIError: CustomStringConvertible {
  /// The cause in words.
  public var description: String {
    switch self {
    case .truncated: "ABI data ends inside a value"
    case .offsetOutOfBounds: "ABI offset points behind the data"
    case .outOfRange(let type): "ABI word is out of the range of \(type)"
    case .invalidUTF8: "ABI string is not UTF-8"
    case .tooLarge: "ABI data has too many elements or bytes"
    case .typeMismatch(let expected): "value does not have the ABI type \(expected)"
    case .wrongCount(let expected, let actual): "got \(actual) ABI values, want \(expected)"
    case .wrongSelector: "ABI data belongs to another function or event"
    }
  }
}
