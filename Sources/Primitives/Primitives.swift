// Primitives: the values every other module speaks in, and their encodings.
//
//   UInt256   Hash256   Address   Amount        values; valid by construction
//   Hex       RLP       ABI                     the one codec of each kind
//   Keccak256 (one input, or many at once)      the chain's hash
//
// Nothing here does I/O, allocates in proportion to an unchecked length, or traps on data:
// decoders throw a small closed error, arithmetic that can overflow says so in its result.
//
//   let address = try Address(hex: "0x52908400098527886E0F7030069857D2E4169EE7")
//   var encoder = RLPEncoder()
//   encoder.list { $0.append(UInt256(1)); $0.append(address) }
//   let hash = Keccak256.hash(encoder.bytes)
