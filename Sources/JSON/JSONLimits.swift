/// How much JSON a reader takes; the length is for whoever receives the bytes to limit.
public struct JSONLimits: Hashable, Sendable {
  /// How deep arrays and objects may nest, at most 512, as the reader recurses.
  public var maximumDepth: Int
  /// How many values there may be in all, counting arrays, objects and their elements.
  public var maximumValues: Int

  /// Limits for requests of strangers.
  public static let `default` = JSONLimits()

  /// Limits from their parts.
  public init(maximumDepth: Int = 64, maximumValues: Int = 1_000_000) {
    self.maximumDepth = min(max(maximumDepth, 0), 512)
    self.maximumValues = maximumValues
  }
}
