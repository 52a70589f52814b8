/// Which messages a peer may send, how long, and when.
struct PeerMessageRules {
  let maximumLength: Int
  let maximumBitfield: Int
  let isFast: Bool
  let isExtended: Bool
  let isV2: Bool
  /// Nothing came yet that must come after the bitfield.
  var isFirst = true

  /// Lets pass a message of that kind and length, if it may come now.
  func check(_ id: UInt8, _ length: Int) throws(PeerFault) {
    let isLengthValid: Bool
    var isAgreed = true
    var mustBeFirst = false
    switch id {
    case PeerMessageID.piece: isLengthValid = length > 9 && length <= 9 + BlockRequest.blockLength
    case PeerMessageID.request, PeerMessageID.cancel: isLengthValid = length == 13
    case PeerMessageID.have: isLengthValid = length == 5
    case PeerMessageID.choke, PeerMessageID.unchoke, PeerMessageID.interested,
      PeerMessageID.notInterested:
      isLengthValid = length == 1
    case PeerMessageID.bitfield:
      isLengthValid = length <= 1 + maximumBitfield
    case PeerMessageID.port: isLengthValid = length == 3
    case PeerMessageID.suggest, PeerMessageID.allowedFast:
      (isLengthValid, isAgreed) = (length == 5, isFast)
    // aria2 sends a bitfield, or have-all, in the place of many haves: these may come at any time.
    case PeerMessageID.haveAll: (isLengthValid, isAgreed) = (length == 1, isFast)
    case PeerMessageID.haveNone:
      (isLengthValid, isAgreed, mustBeFirst) = (length == 1, isFast, true)
    case PeerMessageID.reject: (isLengthValid, isAgreed) = (length == 13, isFast)
    case PeerMessageID.extended: (isLengthValid, isAgreed) = (length >= 2, isExtended)
    case PeerMessageID.hashRequest, PeerMessageID.hashReject:
      (isLengthValid, isAgreed) = (length == 49, isV2)
    case PeerMessageID.hashes:
      (isLengthValid, isAgreed) = (length >= 49 && (length - 49) % 32 == 0, isV2)
    default: throw .unknownMessage(id: id)
    }
    guard isAgreed else { throw .notNegotiated(id: id) }
    guard isLengthValid else { throw .wrongLength(id: id, length: length) }
    guard isFirst || !mustBeFirst else { throw .outOfTurn(id: id) }
  }
}
