public import JSON

/// Something that happened, for those who listen.
public struct BridgeUpdate: Sendable {
  /// What kind it is: finalised, credited, failed, refunded, alarm, alarm-over.
  public var name: String
  /// What it is about.
  public var json: JSONObject
}
