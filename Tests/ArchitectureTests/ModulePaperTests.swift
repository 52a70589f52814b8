import ChainTypes
import Foundation
import JSON
import Ledger
import Primitives
import TestSupport
import Testing

extension ModuleKind {
  /// The name of the Solidity interface.
  fileprivate var interface: String {
    switch self {
    case .validatorSet: "IValidatorSet"
    case .btt: "IBTT"
    case .channels: "IChannels"
    case .stateReceiver: "IStateReceiver"
    case .bridgedToken: "IBridgedToken"
    }
  }
}

extension NativeModule.Function {
  /// All that a caller must know: selector's text, results, mutability.
  fileprivate var line: String {
    let results = abi.outputs.map(\.description).joined(separator: ",")
    return "\(abi.signature) \(mutability.rawValue) (\(results))"
  }
}

@Suite("Papers of the native modules")
struct ModulePaperTests {
  static let paper = "docs/specs/native-modules.md"

  static func types(_ list: JSONValue?) -> String {
    (list?.arrayValue ?? []).map { entry in
      let name = entry["type"]?.stringValue ?? "?"
      guard name.hasPrefix("tuple") else { return name }
      return "(\(types(entry["components"])))" + name.dropFirst("tuple".count)
    }.joined(separator: ",")
  }

  @Test("The ABI file has the code's functions and events", arguments: ModuleKind.allCases)
  func abi(kind: ModuleKind) throws {
    let module = NativeModule.of(kind)
    let text = try Papers.text("contracts/interfaces/\(kind.interface).json")
    let entries = try #require(try JSONValue.parse(Array(text.utf8)).arrayValue)
    let functions = entries.filter { $0["type"] == "function" }.map { entry in
      let name = entry["name"]?.stringValue ?? "?"
      let mutability = entry["stateMutability"]?.stringValue ?? "?"
      return "\(name)(\(Self.types(entry["inputs"]))) \(mutability) "
        + "(\(Self.types(entry["outputs"])))"
    }
    #expect(functions.sorted() == module.functions.map(\.line).sorted())
    let events = entries.filter { $0["type"] == "event" }.map { entry in
      let indexed = (entry["inputs"]?.arrayValue ?? []).map { $0["indexed"] == true }
      return "\(entry["name"]?.stringValue ?? "?")(\(Self.types(entry["inputs"]))) \(indexed)"
    }
    #expect(events == module.events.map { "\($0.signature) \($0.parameters.map(\.isIndexed))" })
  }

  @Test("The Solidity file has the code's functions and events", arguments: ModuleKind.allCases)
  func solidity(kind: ModuleKind) throws {
    let module = NativeModule.of(kind)
    let source = try Papers.text("contracts/interfaces/\(kind.interface).sol")
      .split(separator: "\n").filter { !$0.contains("//") }.joined(separator: " ")
    let function = #/function (\w+)\(([^)]*)\)\s+external\s*(view|payable)?([^;]*);/#
    var structs: [Substring: String] = [:]
    func types(_ list: Substring, separator: Character = ",") -> String {
      list.split(separator: separator).compactMap { declaration in
        guard let type = declaration.split(separator: " ").first else { return nil }
        let name = type.prefix { $0 != "[" }
        return (structs[name] ?? String(name)) + type.dropFirst(name.count)
      }.joined(separator: ",")
    }
    // A structure may name those before it.
    for match in source.matches(of: #/struct (\w+) \{([^}]*)\}/#) {
      structs[match.1] = "(\(types(match.2, separator: ";")))"
    }
    let functions = source.matches(of: function).map { match in
      let results = match.4.firstMatch(of: #/returns\s*\(([^)]*)\)/#)?.1 ?? ""
      return "\(match.1)(\(types(match.2))) \(match.3 ?? "nonpayable") (\(types(results)))"
    }
    #expect(functions.sorted() == module.functions.map(\.line).sorted())
    let events = source.matches(of: #/event (\w+)\(([^)]*)\);/#).map { match in
      let indexed = match.2.split(separator: ",").map { $0.contains(" indexed ") }
      return "\(match.1)(\(types(match.2))) \(indexed)"
    }
    #expect(events == module.events.map { "\($0.signature) \($0.parameters.map(\.isIndexed))" })
  }

  @Test(
    "The specification tells each function's mutability and gas", arguments: ModuleKind.allCases)
  func functionTable(kind: ModuleKind) throws {
    let rows = try Papers.rows(Self.paper)
    for function in NativeModule.of(kind).functions {
      let wanted = [function.abi.signature, function.mutability.rawValue, "\(function.gas)"]
      #expect(rows.contains { Array($0.prefix(3)) == wanted }, "no row \(wanted)")
    }
  }

  @Test("The specification's gas table is the code's")
  func gasTable() throws {
    let code: [[String]] = try Papers.text("Sources/Ledger/Modules/ModuleGas.swift")
      .matches(of: #/static let (\w+): UInt64 = ([\d_]+)/#)
      .map { [String($0.1), String($0.2.replacing("_", with: ""))] }
    #expect(code.count >= 9)
    let names = Set(code.map { $0[0] })
    let paper = try Papers.rows(Self.paper).filter { names.contains($0[0]) }
      .map { [$0[0], $0[1].replacing(" ", with: "")] }
    #expect(paper == code)
  }

  @Test("The specification tells each module's marker code", arguments: ModuleKind.allCases)
  func markerCode(kind: ModuleKind) throws {
    let code = Hex.encode(kind.markerCode)
    #expect(try Papers.rows(Self.paper).contains { $0.contains(code) && $0.contains(kind.name) })
  }
}
