import BitTorrent
import Metainfo
import NIOCore

/// What is read as a message of the table is written so that it is read as the same; and no
/// datagrams make a node send more than few for each, or grow beyond its bounds.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = [UInt8](UnsafeBufferPointer(start: start, count: count))
  if let message = try? DHTMessage(bytes) {
    let written = message.encoded
    if written.count <= DHTMessage.maximumLength {
      precondition((try? DHTMessage(written)) == message, "not the same")
    }
    if case .response(let response, _) = message.body {
      precondition(response.peers.count <= DHTMessage.maximumPeers, "too many peers")
      precondition(response.nodes?.count ?? 0 <= DHTMessage.maximumNodes, "too many nodes")
    }
  }
  _ = DHTState(decoding: bytes)
  converse(bytes)
  return 0
}

// The bytes are datagrams, each after two bytes: whom it comes from, whether it carries the number
// of the last question, and how long it is.
private func converse(_ bytes: [UInt8]) {
  var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
  var node = DHTNode(random: Counter(), at: now)
  let target = SHA1Hash.zero
  node.watch(DHTID(target))
  node.addEntryPoints([address(0), address(1)], at: now)
  var questions: [PeerAddress: [UInt8]] = [:]
  var rest = bytes[...]
  func take(limit: Int) {
    var sent = 0
    for action in node.takeActions() {
      guard case .send(let datagram, let target) = action else { continue }
      sent += 1
      precondition(datagram.count <= 1_500, "a long datagram")
      guard let message = try? DHTMessage(datagram) else { fatalError("cannot be read") }
      if case .query = message.body { questions[target] = message.transaction }
    }
    precondition(sent <= limit, "many datagrams for one")
    precondition(node.pendingCount <= node.configuration.maximumPending, "questions")
  }
  while let head = rest.popFirst(), let length = rest.popFirst() {
    let source = address(head & 7)
    var datagram = Array(rest.prefix(Int(length) * 4))
    rest = rest.dropFirst(datagram.count)
    if head & 8 != 0, let number = questions[source] {
      // Behind the beginning "d1:t4:" stands the number.
      datagram = Array("d1:t4:".utf8) + number + datagram
    }
    node.receive(datagram, from: source, at: now)
    // One answer, three questions of each of two look-ups, eight announces.
    take(limit: 20)
    if head & 16 != 0 { now = now + .milliseconds(Int64(head) * 50) }
    if head & 32 != 0 {
      node.tick(at: now)
      take(limit: 64)
    }
    if head & 64 != 0 {
      node.lookUp(target, announcing: DHTAnnounce(port: 1), at: now)
      take(limit: 20)
    }
  }
}

private func address(_ number: UInt8) -> PeerAddress {
  PeerAddress(ipv4: 0x0800_0001 | UInt32(number) << 8, port: 6_881)
}

private struct Counter: RandomNumberGenerator {
  var value: UInt64 = 0

  mutating func next() -> UInt64 {
    value &+= 0x9e37_79b9_7f4a_7c15
    return value
  }
}
