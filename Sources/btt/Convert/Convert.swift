internal import ArgumentParser
internal import JSON
internal import Primitives

/// The command `btt convert`.
struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Write an amount in other units.",
    discussion: """
      Units are BTT, mBTT, gwei, wei, uBTTOLD (legacy: the unit of the old ledger, 1/1000 BTT) and \
      hex, which is wei in hexadecimal. A bare number is BTT, one that begins with 0x is wei.

      EXAMPLE
        btt convert 1.5
        btt convert 250 mBTT --to gwei
        btt convert 0xde0b6b3a7640000 --to BTT
      """)

  @Argument(help: "The amount, with its unit.")
  var amount: [String]

  @Option(
    help: ArgumentHelp("The unit; without it, all of them.", valueName: "unit"),
    transform: AmountUnit.init(argument:))
  var to: AmountUnit?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    do {
      _ = try parsedAmount()
    } catch {
      throw ValidationError(String(describing: error))
    }
  }

  func run() throws {
    let amount = try parsedAmount()
    if let to {
      let number = to.number(amount)
      output.print(["unit": .string(to.rawValue), "value": .string(number)], text: number)
    } else {
      let rows = AmountUnit.allCases.map { ($0.rawValue, $0.number(amount)) }
      output.print(JSONObject(rows.map { ($0, .string($1)) }), text: Output.table(rows))
    }
  }

  private func parsedAmount() throws -> Amount {
    try AmountUnit.parse(amount.joined(separator: " "))
  }
}
