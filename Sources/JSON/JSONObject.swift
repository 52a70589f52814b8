/// A JSON object: members in the order in which they stand.
///
/// Lookup is linear, which for the objects of requests and replies beats hashing; to look up many
/// members of a large object, go through `members` once. Equality disregards order.
public struct JSONObject: Sendable {
  /// A name and its value.
  public struct Member: Hashable, Sendable {
    /// The name.
    public var key: String
    /// The value.
    public var value: JSONValue

    /// A member from its parts.
    public init(key: String, value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  // From here on a hash table pays.
  static let linearCount = 16

  /// The members in order, each key once.
  public private(set) var members: [Member]

  /// An object without members.
  public init() { members = [] }

  /// An object of `members`; of those with the same key the last value stays, at the first place.
  public init(_ members: [(String, JSONValue)]) {
    self.init()
    self.members.reserveCapacity(members.count)
    if members.count <= Self.linearCount {
      for (key, value) in members { self[key] = value }
      return
    }
    var places: [String: Int] = [:]
    for (key, value) in members {
      if let place = places[key] {
        self.members[place].value = value
      } else {
        places[key] = self.members.count
        self.members.append(Member(key: key, value: value))
      }
    }
  }

  // For the reader, which has made sure that keys differ.
  init(unique members: [Member]) { self.members = members }

  /// The number of members.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The value of a member; setting nil removes it, setting a new one appends it.
  public subscript(key: String) -> JSONValue? {
    get { members.first { $0.key == key }?.value }
    set {
      let place = members.firstIndex { $0.key == key }
      switch (place, newValue) {
      case (let place?, let value?): members[place].value = value
      case (let place?, nil): members.remove(at: place)
      case (nil, let value?): members.append(Member(key: key, value: value))
      case (nil, nil): break
      }
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// An object of `members`; of those with the same key the last stays.
  public init(dictionaryLiteral members: (String, JSONValue)...) { self.init(members) }
}

extension JSONObject: Hashable {
  /// Whether both have the same members, in any order.
  public static func == (left: JSONObject, right: JSONObject) -> Bool {
    guard left.count == right.count else { return false }
    if left.members == right.members { return true }
    guard left.count > linearCount else {
      return left.members.allSatisfy { right[$0.key] == $0.value }
    }
    return Set(left.members) == Set(right.members)
  }

  /// Hashes the members without regard to order.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members { sum ^= member.hashValue }
    hasher.combine(sum)
  }
}
