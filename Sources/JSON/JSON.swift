// JSON: one value type, one strict reader, one fast writer (RFC 8259).
//
//   bytes ── JSONValue.parse ──▶ JSONValue ── serialize(into:) ──▶ bytes
//              JSONLimits          JSONObject     prettyPrinted ──▶ text
//              JSONError           (keeps order)
//
// The reader takes bytes from strangers: depth and number of values are limited, UTF-8 is
// checked, a key may stand once, and nothing may follow the value. Numbers stay as they were
// written, so that ids are echoed exactly and large integers are not rounded.
//
//   let request = try JSONValue.parse(bytes)
//   let reply: JSONValue = ["jsonrpc": "2.0", "id": request["id"] ?? nil, "result": "0x1"]
//   reply.serialize(into: &output)
