/// The methods of a node by name.
///
///     var methods = RPCMethodTable()
///     methods.add("eth_getBalance", parameters: 2) { context, params in
///       let address = try params.required(0, .address)
///       return .value(try ledger.balance(of: address, at: params.block(1)).json)
///     }
public struct RPCMethodTable: Sendable {
  /// A method that answers at once, on the thread that reads the connection: it must neither
  /// wait nor compute for long.
  public typealias Immediate =
    @Sendable (RPCRequestContext, RPCParams) throws -> RPCResult

  /// A method that may wait or compute, and must heed cancellation when it does so for long.
  public typealias Asynchronous =
    @concurrent @Sendable (RPCRequestContext, RPCParams) async throws -> RPCResult

  /// How a method is run.
  public enum Handler: Sendable {
    /// At once, where the request is read.
    case immediate(Immediate)
    /// In a task of its own.
    case asynchronous(Asynchronous)
  }

  /// Who may call a method.
  public enum Access: Sendable {
    /// Everybody who reaches the server.
    case open
    /// Whoever shows the administrator's token.
    case admin
  }

  /// A method.
  public struct Method: Sendable {
    /// Who may call it.
    public var access: Access
    /// How many parameters it takes at most.
    public var maximumParameters: Int
    /// What it does.
    public var handler: Handler
  }

  private var methods: [String: Method] = [:]

  /// A table without methods.
  public init() {}

  /// The names of all methods, sorted.
  public var names: [String] { methods.keys.sorted() }

  /// The method of that name, or nil.
  public subscript(name: String) -> Method? { methods[name] }

  /// Adds a method that answers at once, in place of one with the same name.
  public mutating func add(
    _ name: String, access: Access = .open, parameters: Int, _ body: @escaping Immediate
  ) {
    methods[name] = Method(
      access: access, maximumParameters: parameters, handler: .immediate(body))
  }

  /// Adds a method that may wait, in place of one with the same name.
  public mutating func addAsynchronous(
    _ name: String, access: Access = .open, parameters: Int, _ body: @escaping Asynchronous
  ) {
    methods[name] = Method(
      access: access, maximumParameters: parameters, handler: .asynchronous(body))
  }

  /// Adds all methods of another table, in place of those with the same names.
  public mutating func merge(_ other: RPCMethodTable) {
    methods.merge(other.methods) { _, new in new }
  }

  /// Lets only the administrator call anything.
  public mutating func restrictAll() {
    for name in methods.keys { methods[name]?.access = .admin }
  }
}
