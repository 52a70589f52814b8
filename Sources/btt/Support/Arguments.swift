internal import ChainTypes
internal import Foundation
internal import JSON
internal import Primitives

/// Readers of what stands on the command line.
enum Arguments {
  static func address(_ text: String) throws -> Address { try Address(checksummed: text) }

  static func hash(_ text: String) throws -> Hash256 { try Hash256(hex: text) }

  static func data(_ text: String) throws -> [UInt8] { try Hex.decode(text) }

  static func amount(_ text: String) throws -> Amount { try Amount(parsing: text) }

  /// A price of gas: in gwei unless it says otherwise.
  static func gasPrice(_ text: String) throws -> Amount { try Amount(parsing: text, unit: .gwei) }

  /// A block by its number in decimal or hex, its hash, or its tag.
  static func block(_ text: String) throws -> BlockParameter {
    if let number = UInt64(text) { return .number(number) }
    return try BlockParameter(json: .string(text))
  }

  /// A parameter of a method: JSON, or a bare word that stands for a string.
  static func parameter(_ text: String) throws -> JSONValue {
    do throws(JSONError) {
      return try JSONValue.parse(Array(text.utf8))
    } catch {
      // What was meant as JSON must not silently become a string.
      if let first = text.first(where: { !$0.isWhitespace }), "[{\"".contains(first) { throw error }
      return .string(text)
    }
  }
}
