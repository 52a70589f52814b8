internal import BitTorrent
internal import Foundation

/// Lines `PEER host:port` on standard input, by which another program names peers.
///
/// The end of input ends nothing; a terminal is not read.
enum PeerLines {
  /// The longest line that is looked at, in bytes.
  private static let lineLimit = 4_096

  /// Reads on a thread of its own until input ends.
  static func read(_ found: @escaping @Sendable ([PeerAddress]) -> Void) {
    guard isatty(STDIN_FILENO) != 1 else { return }
    let thread = Thread {
      while let line = readLine(strippingNewline: true) {
        let words = line.prefix(lineLimit).split(separator: " ")
        guard words.count == 2, words[0] == "PEER" else { continue }
        do {
          found(try PeerAddress.resolving(String(words[1])))
        } catch {
          Output.note("peer \(words[1]) is left out: \(error)")
        }
      }
    }
    thread.stackSize = 256 << 10
    thread.start()
  }
}
