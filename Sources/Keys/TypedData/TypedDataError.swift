public import JSON

/// Why JSON is no typed data that could be signed.
///
/// Places are written like `message.to[1].wallet`.
public enum TypedDataError: Error, Equatable, Sendable {
  /// The text is not JSON.
  case json(JSONError)
  /// Something is missing that must be there.
  case missing(String)
  /// A type is defined in a wrong form, twice, or has a member twice.
  case invalidType(String)
  /// A type is neither defined nor elementary.
  case unknownType(String)
  /// More types or members are defined than the limits allow.
  case tooManyTypes
  /// A value is not of the kind its type demands.
  case wrongKind(String, type: String)
  /// A number does not fit its type.
  case outOfRange(String, type: String)
  /// An array has another number of elements than its type says.
  case wrongCount(String, expected: Int, actual: Int)
  /// A value is in no type, so that the signature would not cover it.
  case notCovered(String)
}

extension TypedDataError: CustomStringConvertible {
  /// What is wrong, and where.
  public var description: String {
    switch self {
    case .json(let cause): "typed data: \(cause)"
    case .missing(let place): "typed data: \(place) is missing"
    case .invalidType(let name): "typed data: the definition of type \(name) is not valid"
    case .unknownType(let name): "typed data: type \(name) is not defined"
    case .tooManyTypes: "typed data: too many types or members are defined"
    case .wrongKind(let place, let type): "typed data: \(place) is not a value of type \(type)"
    case .outOfRange(let place, let type): "typed data: \(place) does not fit \(type)"
    case .wrongCount(let place, let expected, let actual):
      "typed data: \(place) has \(actual) elements, want \(expected)"
    case .notCovered(let place):
      "typed data: \(place) is in no type, so that the signature would not cover it: remove it"
    }
  }
}
