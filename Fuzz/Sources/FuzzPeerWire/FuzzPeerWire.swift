import BitTorrent
import NIOCore

/// However a peer's bytes are cut into reads, they are the same messages or the same fault, within
/// bounds, and what is written of them is read back as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeBufferPointer(start: start, count: count)
  guard let first = bytes.first else { return 0 }
  // The first byte says what was agreed on, and how the rest is cut.
  var features: PeerFeatures = []
  if first & 1 != 0 { features.insert(.fast) }
  if first & 2 != 0 { features.insert(.extended) }
  let isV2 = first & 4 != 0
  let step = Int(first >> 3) + 1
  let stream = ByteBuffer(bytes: bytes.dropFirst())

  let whole = read(stream, step: .max, features, isV2)
  let cut = read(stream, step: step, features, isV2)
  // Keep-alives in a row are one only where they come together.
  precondition(whole.fault == cut.fault, "the fault depends on the reads")
  precondition(withoutKeepAlives(whole.messages) == withoutKeepAlives(cut.messages), "messages")

  var written = ByteBuffer()
  for message in whole.messages {
    check(message)
    let before = written.readableBytes
    message.encode(into: &written)
    precondition(written.readableBytes - before == message.encodedLength, "another length")
  }
  precondition(read(written, step: .max, features, isV2).messages == whole.messages, "not the same")
  readHandshake(stream, step: step)
  return 0
}

private func read(
  _ stream: ByteBuffer, step: Int, _ features: PeerFeatures, _ isV2: Bool
) -> (messages: [PeerMessage], fault: PeerFault?) {
  var decoder = PeerMessageDecoder(features: features, isV2: isV2)
  var messages: [PeerMessage] = []
  var rest = stream
  while rest.readableBytes > 0, let part = rest.readSlice(length: min(step, rest.readableBytes)) {
    decoder.feed(part)
    do {
      while let message = try decoder.next() { messages.append(message) }
    } catch {
      return (messages, error)
    }
  }
  return (messages, nil)
}

private func withoutKeepAlives(_ messages: [PeerMessage]) -> [PeerMessage] {
  messages.filter { $0 != .keepAlive }
}

private func check(_ message: PeerMessage) {
  switch message {
  case .piece(_, _, let data): precondition((1...16_384).contains(data.readableBytes), "block")
  case .request(let request): precondition((1...16_384).contains(request.length), "request")
  case .hashRequest(let request), .hashes(let request, _), .hashReject(let request):
    precondition(request.baseLayer < 64 && request.proofLayers < 64, "layers")
    precondition((1...8_192).contains(request.length), "hashes")
  default: break
  }
}

private func readHandshake(_ stream: ByteBuffer, step: Int) {
  func steps(_ step: Int) -> [HandshakeDecoder.Step]? {
    var decoder = HandshakeDecoder()
    var steps: [HandshakeDecoder.Step] = []
    var rest = stream
    while rest.readableBytes > 0, var part = rest.readSlice(length: min(step, rest.readableBytes)) {
      do {
        while let reached = try decoder.decode(&part) {
          steps.append(reached)
          if case .complete = reached { return steps }
        }
      } catch {
        return nil
      }
    }
    return steps
  }
  let whole = steps(.max)
  precondition(whole == steps(step), "the handshake depends on the reads")
  if case .complete(let handshake) = whole?.last {
    var written = ByteBuffer()
    handshake.encode(into: &written)
    precondition(stream.readableBytesView.starts(with: written.readableBytesView), "handshake")
  }
}
