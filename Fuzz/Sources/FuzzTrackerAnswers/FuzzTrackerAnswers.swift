import BitTorrent
import Metainfo
import NIOCore

/// What a tracker answers is read within bounds, and never names peers that it cannot know; no
/// datagrams make the client of UDP trackers do more than it was asked for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  let source = PeerAddress(ipv4: 0x0808_0808, port: 80)
  if let answer = try? HTTPTrackerAnswer.announce(bytes, from: source) { check(answer, source) }
  if let counts = try? HTTPTrackerAnswer.scrape(bytes, of: [.zero]) {
    precondition(counts.keys.allSatisfy { $0 == .zero }, "counts that nobody asked for")
  }
  exchange(bytes)
  if let url = TrackerURL(String(decoding: bytes, as: UTF8.self)) {
    precondition(TrackerURL(url.text)?.text == url.text, "another address")
    precondition(url.text.utf8.allSatisfy { (0x21...0x7e).contains($0) }, "not printable")
    _ = url.scrape
  }
  return 0
}

private func check(_ answer: TrackerAnswer, _ source: PeerAddress) {
  precondition(answer.peers.count <= TrackerAnswer.maximumPeers, "too many peers")
  precondition(Set(answer.peers).count == answer.peers.count, "a peer twice")
  precondition(answer.peers.allSatisfy { $0.isCredible(from: source) }, "a local peer")
  for time in [answer.interval, answer.minimumInterval].compactMap({ $0 }) {
    precondition(time >= .zero && time <= .seconds(7 * 86_400), "interval")
  }
}

// The bytes are datagrams, each after a byte with its length and whether it comes from the tracker
// and carries the right number.
private func exchange(_ bytes: [UInt8]) {
  let tracker = PeerAddress(ipv4: 0x0808_0808, port: 6_969)
  var client = UDPTrackerClient(using: Counter())
  guard let id = PeerID([UInt8](repeating: 1, count: 20)) else { return }
  client.ask(
    0,
    .announce(
      TrackerAnnounce(infoHash: .zero, peerID: id, port: 1, progress: TrackerProgress()),
      target: "/announce"), of: tracker, at: .zero)
  client.ask(1, .scrape([.zero]), of: tracker, at: .zero)
  var sent: [ByteBuffer] = []
  var finished = 0
  func take(_ actions: [UDPTrackerClient<Counter>.Action]) {
    for action in actions {
      switch action {
      case .send(let datagram, let target):
        precondition(target == tracker && datagram.readableBytes <= 2_200, "datagram")
        sent.append(datagram)
      case .finish(_, let result):
        finished += 1
        if case .success(.announce(let answer)) = result { check(answer, tracker) }
      }
    }
  }
  take(client.takeActions())
  var rest = bytes[...]
  var now = Duration.zero
  while let head = rest.popFirst() {
    var datagram = ByteBuffer(bytes: rest.prefix(Int(head & 0x3f)))
    rest = rest.dropFirst(Int(head & 0x3f))
    if head & 0x40 != 0, let number = sent.last?.getInteger(at: 12, as: UInt32.self),
      datagram.readableBytes >= 8
    {
      datagram.setInteger(number, at: 4)
    }
    let before = sent.count
    client.receive(datagram, from: head & 0x80 != 0 ? tracker : tracker.host, at: now)
    take(client.takeActions())
    precondition(sent.count <= before + 1, "more than one datagram for one")
    now += .seconds(1)
    client.tick(at: now)
    take(client.takeActions())
  }
  precondition(finished <= 2, "more answers than questions")
}

private struct Counter: RandomNumberGenerator {
  var value: UInt64 = 0

  mutating func next() -> UInt64 {
    value &+= 0x9e37_79b9_7f4a_7c15
    return value
  }
}
