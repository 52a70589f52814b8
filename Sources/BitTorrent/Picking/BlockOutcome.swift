/// What a block that came from a peer is to the picker.
package struct BlockOutcome: Equatable {
  /// What to do with a block.
  package enum Kind: Equatable {
    /// It was missing: store it.
    case wanted
    /// It is here already: drop it.
    case duplicate
    /// Nobody asks for it, by its range, its piece or its sender: drop it.
    case unexpected
  }

  /// What to do with the block.
  package var kind: Kind
  /// Others that were asked for the same block: send each a `cancel`.
  package var cancels: [PeerHandle] = []
  /// Whether every block of the piece is here now.
  package var completesPiece = false

  /// An outcome without cancels, of a piece that is not complete.
  package init(kind: Kind) { self.kind = kind }
}
