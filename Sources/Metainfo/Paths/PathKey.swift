/// A path for comparing: 64 bits of its elements, without regard to case.
///
/// Sets of whole paths, with all their prefixes, would let a small torrent take much memory. The
/// hash is seeded per process, so that nobody can prepare two paths that meet; if two ever do, a
/// file gets another name than it need have.
struct PathKey: Hashable {
  private var hasher = Hasher()
  private var value = 0

  /// The key of `path`; that of the root when it is empty.
  init(_ path: some Sequence<String> = EmptyCollection()) {
    for element in path { append(element) }
  }

  mutating func append(_ element: String) {
    hasher.combine(element.lowercased())
    // Finalizing consumes a hasher; the next element goes on from the copy that is kept.
    let prefix = hasher
    value = prefix.finalize()
  }

  static func == (left: PathKey, right: PathKey) -> Bool { left.value == right.value }

  func hash(into hasher: inout Hasher) { hasher.combine(value) }
}
