internal import Foundation
internal import JSON
internal import Testing

@Suite("JSON properties") struct JSONPropertyTests {
  /// SplitMix64, so that a printed seed brings a failure back.
  struct Random: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var value = state
      value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
      value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
      return value ^ (value >> 31)
    }

    mutating func string() -> String {
      var text = ""
      for _ in 0..<Int.random(in: 0...12, using: &self) {
        let range: ClosedRange<UInt32> =
          [0...0x7f, 0x20...0x7e, 0x80...0xd7ff, 0xe000...0x10ffff].randomElement(using: &self)
          ?? 0...0
        if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &self)) {
          text.unicodeScalars.append(scalar)
        }
      }
      return text
    }

    mutating func value(depth: Int) -> JSONValue {
      switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &self) {
      case 0: return nil
      case 1: return .bool(.random(using: &self))
      case 2: return JSONValue(Int64.random(in: .min ... .max, using: &self))
      case 3: return .number(String(Double.random(in: -1e9...1e9, using: &self)))
      case 4: return .string(string())
      case 5:
        return .array(
          (0..<Int.random(in: 0...5, using: &self)).map { _ in value(depth: depth - 1) })
      default:
        let count = Int.random(in: 0...20, using: &self)
        return .object(
          JSONObject((0..<count).map { ("\($0)" + string(), value(depth: depth - 1)) }))
      }
    }
  }

  /// What Foundation's object says, compared value by value.
  private func agrees(_ value: JSONValue, _ object: Any) -> Bool {
    switch value {
    case .null: return object is NSNull
    case .bool(let bool): return (object as? NSNumber)?.boolValue == bool
    case .number(let text):
      guard let number = object as? NSNumber else { return false }
      if let integer = Int64(text) { return number.int64Value == integer }
      // Foundation goes through a decimal and may miss the nearest Double by some ulps.
      guard let double = Double(text) else { return false }
      return abs(number.doubleValue - double) <= 1e-14 * abs(double)
    case .string(let text):
      return (object as? String)?.utf8.elementsEqual(text.utf8) == true
    case .array(let elements):
      guard let array = object as? [Any], array.count == elements.count else { return false }
      return zip(elements, array).allSatisfy { agrees($0, $1) }
    case .object(let members):
      guard let dictionary = object as? [String: Any], dictionary.count == members.count else {
        return false
      }
      return members.members.allSatisfy { member in
        dictionary[member.key].map { agrees(member.value, $0) } == true
      }
    }
  }

  @Test("Foundation reads what we write as the same value, and we read what it writes")
  func agreesWithFoundation() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("JSONPropertyTests.agreesWithFoundation seed \(seed)")
    var random = Random(state: seed)
    for round in 0..<500 {
      let value = random.value(depth: 4)
      #expect(try JSONValue.parse(value.serialized) == value, "seed \(seed) round \(round)")
      #expect(try JSONValue.parse(value.prettyPrinted) == value, "seed \(seed) round \(round)")
      let object = try JSONSerialization.jsonObject(
        with: Data(value.serialized), options: .fragmentsAllowed)
      let isSame = agrees(value, object)
      #expect(isSame, "seed \(seed) round \(round)")
      let theirs = try JSONSerialization.data(withJSONObject: object, options: .fragmentsAllowed)
      let isSameBack = agrees(try JSONValue.parse([UInt8](theirs)), object)
      #expect(isSameBack, "seed \(seed) round \(round)")
    }
  }

  @Test("never traps on mutated bytes, and takes nothing that Foundation refuses")
  func survivesMutation() throws {
    let seed = UInt64.random(in: 0 ... .max)
    print("JSONPropertyTests.survivesMutation seed \(seed)")
    var random = Random(state: seed)
    for round in 0..<3_000 {
      var bytes = random.value(depth: 3).serialized
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[place] = .random(in: 0...255, using: &random)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(Array("{}[]\",:\\u0-e".utf8).randomElement() ?? 0, at: place)
        default: bytes.removeSubrange(place...)
        }
      }
      // A number too large for Double is JSON all the same: Foundation refuses it, we keep it.
      guard let value = try? JSONValue.parse(bytes), !containsHugeNumber(value) else { continue }
      #expect(throws: Never.self, "seed \(seed) round \(round)") {
        try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
      }
    }
  }

  private func containsHugeNumber(_ value: JSONValue) -> Bool {
    switch value {
    case .number: value.doubleValue.map { !$0.isFinite || $0.magnitude > 1e300 } ?? true
    case .array(let elements): elements.contains(where: containsHugeNumber)
    case .object(let object): object.members.contains { containsHugeNumber($0.value) }
    default: false
    }
  }
}
