import BitTorrent
import NIOCore

/// What is read of an extension's message is within bounds, and is read again from what is written.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let payload = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))

  if let handshake = try? ExtensionHandshake(payload) {
    precondition(handshake.extensions.count <= 128, "extensions")
    precondition((handshake.client ?? "").utf8.count <= 100, "client")
    precondition(handshake.metadataSize ?? 1 > 0 && handshake.requestQueue ?? 1 > 0, "sizes")
    // Writing puts the entries in order; after that nothing changes any more.
    let once = reread(handshake)
    precondition(reread(once) == once, "handshake changed")
    var merged = handshake
    merged.update(with: once)
    precondition(merged.extensions == handshake.extensions, "an update by the same")
  }

  if let message = try? MetadataMessage.decode(payload) {
    if case .data(_, let totalSize, let data) = message {
      precondition(totalSize > 0 && (1...16_384).contains(data.readableBytes), "block")
    }
    precondition((try? MetadataMessage.decode(message.payload)) == message, "metadata changed")
  }

  if let exchange = try? PeerExchangeMessage(payload) {
    precondition(exchange.added.count <= 100 && exchange.dropped.count <= 100, "peers")
    // Writing puts one family before the other; after that nothing changes any more.
    let once = try? PeerExchangeMessage(exchange.payload)
    precondition(Set(once?.added ?? []) == Set(exchange.added), "exchange changed")
    precondition(once.flatMap { try? PeerExchangeMessage($0.payload) } == once, "exchange order")
  }

  if let lost = try? DontHave(payload) {
    precondition(lost.message(id: 7) == .extended(id: 7, payload: payload), "donthave changed")
  }
  _ = try? UploadOnly(payload)
  return 0
}

private func reread(_ handshake: ExtensionHandshake) -> ExtensionHandshake {
  guard case .extended(0, let payload) = handshake.message,
    let again = try? ExtensionHandshake(payload)
  else { preconditionFailure("cannot read what was written") }
  return again
}
