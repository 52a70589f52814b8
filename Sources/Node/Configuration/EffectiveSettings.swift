internal import TOMLKit

/// A node's settings, and where each of them comes from.
public struct EffectiveSettings: Sendable {
  /// Where a value comes from; later ones win.
  public enum Origin: Hashable, Sendable, CustomStringConvertible {
    /// Nobody set it.
    case standard
    /// The settings file.
    case file(String)
    /// An environment variable.
    case environment(String)
    /// The command line.
    case commandLine

    /// In words.
    public var description: String {
      switch self {
      case .standard: "default"
      case .file(let path): path
      case .environment(let name): "environment \(name)"
      case .commandLine: "command line"
      }
    }
  }

  /// The values.
  public private(set) var settings = NodeSettings()
  private var origins: [String: Origin] = [:]

  /// Gathers values from all places.
  ///
  /// - Parameters:
  ///   - toml: the settings file's text and path, if there is one.
  ///   - environment: the environment's variables.
  ///   - commandLine: names and values from the command line.
  /// - Throws: `NodeError` that names the setting, the place and what is wanted.
  public init(
    toml: (text: String, path: String)?, environment: [String: String],
    commandLine: [(key: String, value: String)]
  ) throws(NodeError) {
    if let toml {
      for (key, value) in try Self.flatten(toml) {
        try set(key, value, .file(toml.path))
      }
    }
    for entry in NodeSettings.entries {
      if let value = environment[entry.environmentName] {
        try set(entry.key, value, .environment(entry.environmentName))
      }
    }
    for (key, value) in commandLine { try set(key, value, .commandLine) }
  }

  /// Every setting with its value and origin, in the order of the table.
  public var listing: [(key: String, value: String, origin: Origin)] {
    NodeSettings.entries.map { ($0.key, $0.get(settings), origins[$0.key] ?? .standard) }
  }

  /// A settings file with every setting at its default, each with its meaning.
  public static var sample: String {
    var lines = [
      "# Settings of a btt node. What stands here is the default; remove a # to change it."
    ]
    var section = ""
    let defaults = NodeSettings()
    for entry in NodeSettings.entries {
      let parts = entry.key.split(separator: ".")
      if let first = parts.first, first != section {
        section = String(first)
        lines += ["", "[\(section)]"]
      }
      let value = entry.get(defaults)
      lines += [
        "# \(entry.summary) (\(entry.environmentName))",
        "# \(parts.last ?? "") = \(entry.isText ? "\"\(value)\"" : value)",
      ]
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private mutating func set(
    _ key: String, _ value: String, _ origin: Origin
  ) throws(NodeError) {
    guard let entry = NodeSettings.entries.first(where: { $0.key == key }) else {
      throw NodeError(
        .configuration,
        "\(origin): there is no setting \(key); `btt node config` lists them")
    }
    do {
      try entry.set(&settings, value)
    } catch {
      throw NodeError(
        .configuration, "\(origin): \(key) must be \(error.wanted), not \"\(value)\"")
    }
    origins[key] = origin
  }

  private static func flatten(
    _ toml: (text: String, path: String)
  ) throws(NodeError) -> [(String, String)] {
    let table: TOMLTable
    do { table = try TOMLTable(string: toml.text) } catch {
      throw NodeError(.configuration, "\(toml.path) is no TOML: \(error)")
    }
    var values: [(String, String)] = []
    for section in table.keys.sorted() {
      guard let inner = table[section]?.table else {
        throw NodeError(.configuration, "\(toml.path): \(section) must stand in a [section]")
      }
      for name in inner.keys.sorted() {
        guard let value = inner[name], let text = text(of: value) else {
          throw NodeError(
            .configuration, "\(toml.path): \(section).\(name) must be a text, number or list")
        }
        values.append(("\(section).\(name)", text))
      }
    }
    return values
  }

  private static func text(of value: any TOMLValueConvertible) -> String? {
    if let text = value.string { return text }
    if let number = value.int { return String(number) }
    if let flag = value.bool { return String(flag) }
    guard let array = value.array else { return nil }
    let elements = array.map { $0.string }
    guard elements.allSatisfy({ $0 != nil }) else { return nil }
    return elements.compactMap { $0 }.joined(separator: ",")
  }
}
