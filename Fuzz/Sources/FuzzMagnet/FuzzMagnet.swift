import Metainfo

/// A link that is read is written in a form that is read as the same.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
  guard let link = try? MagnetLink(text) else { return 0 }
  precondition(link.trackers.count <= MagnetLink.addressLimit, "too many trackers")
  precondition(link.peers.count <= MagnetLink.addressLimit, "too many peers")
  let written = link.description
  // Escapes make it up to three times longer.
  guard written.utf8.count <= MagnetLink.lengthLimit else { return 0 }
  guard let again = try? MagnetLink(written) else {
    preconditionFailure("cannot read what was written")
  }
  precondition(again == link, "link changed")
  return 0
}
