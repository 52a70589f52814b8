package import NIOCore

/// A block that came from a peer.
package struct ReceivedBlock: Sendable {
  /// Where it belongs.
  package var request: BlockRequest
  /// Its bytes, as many as the request says; may be a view of a receive buffer.
  package var data: ByteBuffer

  /// A block that belongs where `request` says.
  package init(_ request: BlockRequest, _ data: ByteBuffer) {
    self.request = request
    self.data = data
  }
}
