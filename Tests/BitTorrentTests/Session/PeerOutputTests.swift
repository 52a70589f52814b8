import BitTorrent
import NIOCore
import Testing

@Suite("What waits to be written to a peer")
struct PeerOutputTests {
  @Test("what is said of requests goes with them before blocks, in its order; great messages wait")
  func order() throws {
    var output = PeerOutput()
    let block = BlockRequest(piece: 0, offset: 0, length: 16_384)
    output.append([block])
    let agreement = PeerMessage.extended(id: 3, payload: ByteBuffer(repeating: 1, count: 300))
    let request = PeerMessage.request(block)
    let metadata = PeerMessage.extended(id: 2, payload: ByteBuffer(repeating: 2, count: 16_384))
    for message in [agreement, metadata, request] { output.append(message) }
    var expected = ByteBuffer()
    agreement.encode(into: &expected)
    request.encode(into: &expected)
    #expect(output.takeUrgent() == expected)
    #expect(output.backlog > 16_384)
  }
}
