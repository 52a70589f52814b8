import BitTorrent
import Metainfo
import NIOCore

/// What is read as an announcement on the local network is written so that it is read as the same,
/// and never tells of other torrents or hosts than it may.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  var random = SystemRandomNumberGenerator()
  var discovery = LocalDiscovery(port: 1, random: &random, at: now)
  let source = PeerAddress(ipv4: 0xc0a8_0001, port: 6_771)
  guard let announcement = LocalAnnouncement(bytes) else {
    precondition(discovery.receive(bytes, from: source, at: now).isEmpty, "peers from nothing")
    return 0
  }
  precondition(announcement.port != 0, "port")
  precondition(
    (1...LocalAnnouncement.maximumTorrents).contains(announcement.infoHashes.count), "torrents")
  precondition(announcement.cookie?.utf8.count ?? 0 <= LocalAnnouncement.maximumCookie, "cookie")
  let written = announcement.encoded
  if written.count <= LocalAnnouncement.maximumLength {
    precondition(LocalAnnouncement(written) == announcement, "not the same")
  }
  precondition(discovery.receive(bytes, from: source, at: now).isEmpty, "another torrent")
  discovery.add(announcement.infoHashes[0], at: now)
  let found = discovery.receive(bytes, from: source, at: now)
  precondition(
    found.count == 1 && found[0].peer.host == source.host
      && found[0].peer.port == announcement.port, "another host")
  return 0
}
