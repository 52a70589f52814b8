internal import BitTorrent
internal import Bridge
internal import ChainTypes
internal import JSON
internal import KeyValueStore
internal import Keys
internal import LedgerRPC
internal import Node
internal import PaymentChannels
internal import Primitives

/// Why a command failed, and what to do next.
struct CommandFailure: Error {
  /// A stable name of the kind of failure, for programs.
  enum Code: String {
    case usage
    case invalidInput = "invalid-input"
    case cancelled
    case noPassword = "no-password"
    case wrongPassword = "wrong-password"
    case noKey = "no-key"
    case keyExists = "key-exists"
    case badKeyFile = "bad-key-file"
    case file
    case unreachable
    case timeout
    case badReply = "bad-reply"
    case node
    case notFound = "not-found"
    case wrongChain = "wrong-chain"
    case insufficientFunds = "insufficient-funds"
    case wouldFail = "would-fail"
    case transactionFailed = "transaction-failed"
    case settings
    case dataDirectory = "data-directory"
    case listen
    case keyInUse = "key-in-use"
    case oldBooks = "old-books"
    case channel
    case untrusted
    case failed
  }

  var code: Code
  var message: String
  /// What to do about it, unless the message tells.
  var nextStep: String?
  /// The error number of the node, when it is the node that refused.
  var nodeCode: Int?

  init(_ code: Code, _ message: String, next nextStep: String? = nil, nodeCode: Int? = nil) {
    self.code = code
    self.message = message
    self.nextStep = nextStep
    self.nodeCode = nodeCode
  }

  /// What an error of the libraries comes to.
  init(_ error: any Error) {
    switch error {
    case let failure as CommandFailure: self = failure
    case let error as KeyStoreError: self.init(Code(error), error.description)
    case let error as JSONRPCClientError: self.init(error)
    case let error as TransactionFillError:
      if case .client(let error) = error {
        self.init(error)
      } else {
        self.init(Code(error), error.description)
      }
    case let error as ChannelError: self.init(Code(error), error.description)
    case let error as LedgerClientError: self.init(Code(error), error.message)
    case let error as NodeError: self.init(Code(error), error.description)
    case let error as RPCServerError: self.init(Code(error), error.description)
    case let error as SessionError:
      if case .listen = error {
        self.init(.listen, error.description)
      } else {
        self.init(.failed, error.description)
      }
    case let error as RootChainError: self.init(.badReply, error.description)
    case let error as DepositProofError:
      self.init(.untrusted, "the proof does not hold: \(error)")
    case let error as DepositProofFormatError: self.init(.invalidInput, error.description)
    case is MnemonicError, is DerivationError, is KeyError, is SignatureError, is TypedDataError,
      is AmountError, is AddressError, is HexError, is JSONError, is TransactionError:
      self.init(.invalidInput, String(describing: error))
    default: self.init(.failed, String(describing: error))
    }
  }

  private init(_ error: JSONRPCClientError) {
    guard case .rpc(let cause) = error else {
      self.init(Code(error), error.description)
      return
    }
    self.init(
      .node, error.description, next: Self.nextStep(after: cause), nodeCode: cause.code)
  }

  /// What helps against the refusals that people meet most; nodes tell them by their texts.
  private static func nextStep(after refusal: RPCError) -> String? {
    let hints = [
      ("nonce too low", "leave --nonce out, so that the next free one is taken"),
      ("replacement transaction underpriced", "raise the fee by at least 10 %"),
      ("insufficient funds", "send less or fund the account"),
      ("header not found", "btt block shows the newest block that the node has"),
      ("pruned history", "ask a node that keeps more history, or for a later block"),
    ]
    if refusal.code == RPCError.methodNotFound("").code {
      return "check the method's name; the administrator's need --token-file"
    }
    return hints.first { refusal.message.contains($0.0) }?.1
  }

  /// The object for programs.
  var json: JSONValue {
    var error: JSONObject = ["code": .string(code.rawValue), "message": .string(message)]
    error["next"] = nextStep.map { .string($0) }
    error["nodeCode"] = nodeCode.map { JSONValue($0) }
    return ["error": .object(error)]
  }
}

extension CommandFailure: CustomStringConvertible {
  var description: String {
    message + (nextStep.map { "; \($0)" } ?? "")
  }
}

extension CommandFailure.Code {
  fileprivate init(_ error: ChannelError) {
    self =
      switch error {
      case .unknownChannel: .notFound
      case .keyInUse: .keyInUse
      case .keyUsedElsewhere, .oldStore: .oldBooks
      case .ledger(let error): Self(error)
      case .transactionFailed: .transactionFailed
      case .stillWaiting, .outcomeUnknown: .timeout
      case .invalid: .invalidInput
      case .foreignStore, .storage, .damagedRow, .newerSchema, .lockFile: .dataDirectory
      default: .channel
      }
  }

  fileprivate init(_ error: LedgerClientError) {
    self =
      switch error.code {
      case .unreachable: .unreachable
      case .untrusted: .untrusted
      case .insufficientFunds: .insufficientFunds
      case .refused: .wouldFail
      case .nonceTooLow, .underpriced: .node
      }
  }

  fileprivate init(_ error: KeyStoreError) {
    self =
      switch error {
      case .wrongPassword: .wrongPassword
      case .corrupt, .unsupported, .addressMismatch, .ambiguous: .badKeyFile
      case .noAccount: .noKey
      case .accountExists: .keyExists
      case .derivationFailed: .failed
      case .file: .file
      }
  }

  fileprivate init(_ error: NodeError) {
    self =
      switch error.code {
      case .configuration: .settings
      case .dataDirectory: .dataDirectory
      case .key: .noKey
      case .file: .file
      case .endpoint: .badReply
      }
  }

  fileprivate init(_ error: RPCServerError) {
    self =
      switch error {
      case .configuration: .settings
      case .bind: .listen
      }
  }

  fileprivate init(_ error: JSONRPCClientError) {
    self =
      switch error {
      case .invalidEndpoint: .usage
      case .transport: .unreachable
      case .timeout: .timeout
      case .http, .replyTooLarge, .malformedReply: .badReply
      case .rpc: .node
      }
  }

  fileprivate init(_ error: TransactionFillError) {
    self =
      switch error {
      case .client(let error): Self(error)
      case .wrongChain: .wrongChain
      case .insufficientFunds: .insufficientFunds
      case .wouldFail: .wouldFail
      case .feeBelowBaseFee, .noBaseFee, .feeOverflow, .invalid: .invalidInput
      }
  }
}
