package import ChainTypes
package import Primitives

/// A feature of the chain that is called like a contract: the Solidity ABI in front, Swift behind.
///
/// It is chosen by the marker code of the account called, so that the same module can stand at
/// several addresses. Its storage words lie as Solidity would lay them out, so that `eth_getProof`
/// speaks of them to anyone.
package struct NativeModule: Sendable {
  /// One function of a module.
  package struct Function: Sendable {
    /// Whether and how a function may change anything.
    package enum Mutability: String, Sendable {
      /// It only reads.
      case view
      /// It may write, and takes no money.
      case nonpayable
      /// It may write, and takes money.
      case payable
    }

    /// Its name and types.
    package let abi: ABIFunction
    /// Whether and how it may change anything.
    package let mutability: Mutability
    /// Gas due for the call itself; what it reads and writes comes on top.
    package let gas: UInt64
    let body: @Sendable (inout ModuleCall, inout ABIReader) throws -> [UInt8]
  }

  /// Which module it is.
  package let kind: ModuleKind
  /// The functions it answers to.
  package let functions: [Function]
  /// The events it emits.
  package let events: [ABIEvent]
  private let bySelector: [UInt32: Function]

  init(kind: ModuleKind, functions: [Function], events: [ABIEvent]) {
    self.kind = kind
    self.functions = functions
    self.events = events
    bySelector = Dictionary(
      functions.map { ($0.abi.selector, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The module of a kind.
  package static func of(_ kind: ModuleKind) -> NativeModule {
    switch kind {
    case .validatorSet: ValidatorSetModule.module
    case .btt: BTTModule.module
    case .channels: ChannelsModule.module
    case .stateReceiver: StateReceiver.module
    case .bridgedToken: TokenLedger.module
    }
  }

  /// Runs the function that the call data names.
  func run(_ call: inout ModuleCall) throws -> [UInt8] {
    guard let (selector, arguments) = try? ABIReader.call(call.message.data) else {
      throw ModuleFailure.reverted("\(kind.name): plain transfers are refused; call a function")
    }
    guard let function = bySelector[selector] else {
      throw ModuleFailure.reverted("\(kind.name): no such function")
    }
    var reader = arguments
    try call.charge(function.gas)
    if function.mutability != .payable, !call.message.value.isZero {
      throw ModuleFailure.reverted("\(kind.name): \(function.abi.name) takes no money")
    }
    do {
      return try function.body(&call, &reader)
    } catch let error where error is ABIError || error is ChannelFailure {
      throw ModuleFailure.reverted("\(kind.name): \(function.abi.name): \(error)")
    }
  }
}

/// Where Solidity puts things in storage.
enum StorageLayout {
  /// The slot of a state variable.
  static func slot(_ number: UInt64) -> Hash256 { UInt256(number).word }

  /// The slot of `mapping[key]` for a mapping at `slot`.
  static func mapping(_ key: Hash256, at slot: UInt64) -> Hash256 {
    Keccak256.hash(key.bytes + UInt256(slot).word.bytes)
  }

  /// The slot of `mapping[key]` for a mapping at a slot that is itself computed.
  static func mapping(_ key: Hash256, in slot: Hash256) -> Hash256 {
    Keccak256.hash(key.bytes + slot.bytes)
  }

  /// The slot of `mapping[number]` for a mapping at `slot`.
  static func mapping(_ number: UInt64, at slot: UInt64) -> Hash256 {
    mapping(UInt256(number).word, at: slot)
  }

  /// The slot so many words behind another: a member of a structure.
  static func member(_ offset: UInt64, of slot: Hash256) -> Hash256 {
    (UInt256(slot) &+ UInt256(offset)).word
  }

  /// The slot of `mapping[address]` for a mapping at `slot`.
  static func mapping(_ address: Address, at slot: UInt64) -> Hash256 {
    mapping(word(address), at: slot)
  }

  /// The slot of an element of a dynamic array at `slot`.
  static func element(_ index: UInt64, ofArrayAt slot: UInt64) -> Hash256 {
    (UInt256(Keccak256.hash(UInt256(slot).word)) &+ UInt256(index)).word
  }

  /// An address as a word.
  static func word(_ address: Address) -> Hash256 {
    UInt256(bigEndian: address.bytes)?.word ?? .zero
  }
}
