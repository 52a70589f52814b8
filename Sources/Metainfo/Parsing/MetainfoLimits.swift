/// What a torrent may be at most.
public enum MetainfoLimits {
  /// The longest piece in bytes, libtorrent's limit.
  public static let pieceLength = 536_854_528
  /// Pieces in all.
  public static let pieceCount = 2_097_152
  /// Bytes in all: offsets stay below 2^48.
  public static let totalLength = 1 << 48
  /// Levels of folders in one path.
  public static let pathDepth = 100
}
