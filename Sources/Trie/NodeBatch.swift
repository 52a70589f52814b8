internal import Primitives

/// Nodes in RLP, laid end to end so that they are hashed together.
///
/// This is the one encoder of trie nodes. Nodes of a batch must not depend on each other's hashes.
struct NodeBatch: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private var end = 0
  // Where each node starts, and where the last one ends.
  private var offsets = [0]
  private var hashes: [Hash256] = []

  init(capacity: Int = 1_024) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 8)
  }

  deinit { base.deallocate() }

  var count: Int { offsets.count - 1 }

  /// Forgets the nodes and keeps the memory.
  mutating func removeAll() {
    end = 0
    offsets.removeAll(keepingCapacity: true)
    offsets.append(0)
    hashes.removeAll(keepingCapacity: true)
  }

  /// The encoding of the node added as number `index`.
  func bytes(at index: Int) -> [UInt8] {
    [UInt8](UnsafeRawBufferPointer(start: base, count: end)[offsets[index]..<offsets[index + 1]])
  }

  /// The reference to the node added as number `index`, once `hashAll` was called.
  func reference(at index: Int) -> NodeReference {
    let range = offsets[index]..<offsets[index + 1]
    guard range.count < 32 else { return NodeReference(slot: hashes[index], isInline: false) }
    let slot = Hash256 { output in
      output[0] = UInt8(truncatingIfNeeded: range.count)
      for offset in 0..<range.count {
        output[1 + offset] = base.load(fromByteOffset: range.lowerBound + offset, as: UInt8.self)
      }
    }
    return NodeReference(slot: slot, isInline: true)
  }

  /// Hashes the nodes added so far.
  mutating func hashAll() {
    let input = UnsafeRawBufferPointer(start: base, count: end)
    let count = count
    hashes = [Hash256](unsafeUninitializedCapacity: count) { output, initialized in
      guard count > 0, let start = output.baseAddress else { return }
      Keccak256.hashMany(input, offsets: offsets, into: start)
      initialized = count
    }
  }

  /// Encodes one node and gives its reference; the batch is emptied before.
  mutating func single(_ add: (inout NodeBatch) -> Void) -> NodeReference {
    removeAll()
    add(&self)
    hashAll()
    return reference(at: 0)
  }

  // MARK: Nodes

  /// Adds a leaf whose key ends with `count` nibbles.
  mutating func addLeaf(count: Int, value: [UInt8], nibble: (Int) -> UInt8) {
    let prefix = count / 2 + 1
    let payload = Self.stringCount(prefix, first: 0) + Self.stringCount(value)
    beginNode(payload: payload)
    putHexPrefix(count: count, isLeaf: true, nibble: nibble)
    put(string: value)
    endNode()
  }

  /// Adds an extension of `count` nibbles to a branch.
  mutating func addExtension(count: Int, child: NodeReference, nibble: (Int) -> UInt8) {
    let size = child.isInline ? Int(child.slot[0]) : 33
    beginNode(payload: Self.stringCount(count / 2 + 1, first: 0) + size)
    putHexPrefix(count: count, isLeaf: false, nibble: nibble)
    put(slot: child.slot, isInline: child.isInline)
    endNode()
  }

  /// Adds a branch, and the value of a key that ends at it.
  mutating func addBranch(_ node: BranchNode, value: [UInt8] = []) {
    let (children, inline) = (node.children, node.inline)
    var payload = 16 + 32 * children.nonzeroBitCount + Self.stringCount(value)
    forEachBit(of: inline) { payload += Int(node.slots[Int($0)][0]) - 33 }
    beginNode(payload: payload)
    for index in 0..<16 {
      let bit: UInt16 = 1 << UInt16(index)
      if children & bit == 0 {
        put(byte: 0x80)
      } else {
        put(slot: node.slots[index], isInline: inline & bit != 0)
      }
    }
    put(string: value)
    endNode()
  }

  // MARK: RLP

  private static func stringCount(_ string: [UInt8]) -> Int {
    stringCount(string.count, first: string.first ?? 0)
  }

  private static func stringCount(_ count: Int, first: UInt8) -> Int {
    count == 1 && first < 0x80 ? 1 : RLPEncoder.encodedCount(payload: count)
  }

  /// Makes room for a whole node and writes its list header.
  private mutating func beginNode(payload: Int) {
    let needed = end + RLPEncoder.encodedCount(payload: payload)
    if needed > capacity {
      let size = max(needed, capacity * 2)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
      larger.copyMemory(from: base, byteCount: end)
      base.deallocate()
      base = larger
      capacity = size
    }
    offsets.append(needed)
    putHeader(offset: 0xc0, count: payload)
  }

  private func endNode() {
    assert(end == offsets.last, "a node's length was counted wrongly")
  }

  private mutating func put(byte: UInt8) {
    base.storeBytes(of: byte, toByteOffset: end, as: UInt8.self)
    end += 1
  }

  private mutating func putHeader(offset: UInt8, count: Int) {
    guard count > 55 else { return put(byte: offset + UInt8(truncatingIfNeeded: count)) }
    let size = (64 - count.leadingZeroBitCount + 7) / 8
    put(byte: offset + 55 + UInt8(truncatingIfNeeded: size))
    for index in (0..<size).reversed() {
      put(byte: UInt8(truncatingIfNeeded: count >> (8 * index)))
    }
  }

  private mutating func put(string: [UInt8]) {
    if string.count == 1, string[0] < 0x80 { return put(byte: string[0]) }
    putHeader(offset: 0x80, count: string.count)
    string.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      (base + end).copyMemory(from: source, byteCount: bytes.count)
    }
    end += string.count
  }

  private mutating func put(slot: Hash256, isInline: Bool) {
    slot.withUnsafeBytes { bytes in
      guard let source = bytes.baseAddress else { return }
      if isInline {
        (base + end).copyMemory(from: source + 1, byteCount: Int(bytes[0]))
        end += Int(bytes[0])
      } else {
        put(byte: 0xa0)
        (base + end).copyMemory(from: source, byteCount: 32)
        end += 32
      }
    }
  }

  /// Hex-prefix encoding (Yellow Paper, appendix C) as an RLP string.
  private mutating func putHexPrefix(count: Int, isLeaf: Bool, nibble: (Int) -> UInt8) {
    let size = count / 2 + 1
    if size > 1 { putHeader(offset: 0x80, count: size) }
    let flags: UInt8 = isLeaf ? 0x20 : 0
    var index = count % 2
    put(byte: index == 1 ? flags | 0x10 | nibble(0) : flags)
    while index < count {
      put(byte: nibble(index) << 4 | nibble(index + 1))
      index += 2
    }
  }
}
