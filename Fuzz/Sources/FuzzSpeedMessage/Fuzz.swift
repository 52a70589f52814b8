import NIOCore
import Speed

/// Messages and handshakes of `btt_speed`: whatever reads as one is written as it was read.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let payload = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))

  if let message = try? SpeedMessage(payload) {
    precondition(message.encoded == payload, "message changed")
    precondition(count <= SpeedExtension.maximumMessageLength, "message too long")
    if case .quote(let signed) = message {
      precondition(signed.quote.price >> SpeedExtension.priceBits == 0, "price")
    }
  }

  if let hello = try? SpeedHello(payload) {
    precondition(count <= SpeedExtension.maximumMessageLength, "handshake too long")
    // Entries that are not known are not kept; after that nothing changes any more.
    precondition((try? SpeedHello(hello.encoded)) == hello, "handshake changed")
  }
  return 0
}
