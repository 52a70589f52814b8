import ChainTypes
import Primitives
import Testing

@Suite("The fee policy")
struct FeePolicyTests {
  /// Base fee, gas used, gas limit, floor, next base fee.
  ///
  /// Made with a Python transcription of `CalcBaseFee` in geth, then raised to the floor; the first
  /// three rows are those of geth's own test.
  static let table: [(String, UInt64, UInt64, String, String)] = [
    ("1000000000", 10_000_000, 20_000_000, "0", "1000000000"),
    ("1000000000", 9_000_000, 20_000_000, "0", "987500000"),
    ("1000000000", 11_000_000, 20_000_000, "0", "1012500000"),
    ("7", 240_000_000, 240_000_000, "0", "8"),
    ("8", 0, 240_000_000, "0", "7"),
    ("7", 0, 240_000_000, "0", "7"),
    ("0", 240_000_000, 240_000_000, "0", "1"),
    ("0", 0, 240_000_000, "0", "0"),
    ("1", 120_000_001, 240_000_000, "0", "2"),
    ("1000000000", 0, 240_000_000, "1000000000", "1000000000"),
    ("1000000005", 0, 240_000_000, "1000000000", "1000000000"),
    ("300000000000000", 240_000_000, 240_000_000, "300000000000000", "337500000000000"),
    ("300000000000000", 21_000, 240_000_000, "300000000000000", "300000000000000"),
    ("400000000000000", 119_999_999, 240_000_000, "300000000000000", "399999999583334"),
    (
      "340282366920938463463374607431768211455", 240_000_000, 240_000_000, "1",
      "382817662786055771396296433360739237886"
    ),
    (
      "194898699410838770564584457837", 203_341_994_479, 810_841_446_419, "137626",
      "182755486461482070226599092745"
    ),
    (
      "57241149057639472", 982_539_772_855, 1_071_021_149_203, "282428477729022125",
      "282428477729022125"
    ),
    (
      "94127882310228989285", 9_143_078_149, 237_860_804_754, "13318657484877331",
      "83266437162954937816"
    ),
    ("13036066687", 79_008_990_391, 508_221_578_364, "201323622", "11913210623"),
    ("1460602551613", 145_543_287_647, 784_440_756_374, "1381360050142", "1381360050142"),
    ("12821402751", 117_772_142_494, 144_455_111_719, "459350", "13832003001"),
    (
      "1686572665365557549417678272", 268_938_753_145, 644_919_575_151, "14089982963",
      "1651581048902864544533730463"
    ),
    ("5257945250823475531", 188_883_940_917, 251_236_571_573, "1", "5588955331138301823"),
    ("2", 50_036_913_419, 747_483_550_833, "27", "27"),
    (
      "257770482416456438348927442", 400_225_527_050, 533_115_847_778, "153348511328",
      "273928116209313786656984690"
    ),
  ]

  @Test("sets the next base fee as geth does, and keeps its floor", arguments: table)
  func nextBaseFee(
    _ baseFee: String, _ gasUsed: UInt64, _ gasLimit: UInt64, _ floor: String, _ next: String
  ) throws {
    let floor = try #require(UInt256(decimal: floor))
    let policy = FeePolicy(
      initialBaseFee: floor, baseFeeFloor: floor, baseFeeDestination: .burn)
    let fee = policy.nextBaseFee(
      after: try #require(UInt256(decimal: baseFee)), gasUsed: gasUsed, gasLimit: gasLimit)
    #expect(fee == UInt256(decimal: next))
  }

  @Test("stays where it is rather than overflow")
  func overflow() {
    let policy = FeePolicy(
      initialBaseFee: .zero, baseFeeFloor: .zero, baseFeeDestination: .burn)
    #expect(policy.nextBaseFee(after: .max, gasUsed: 2, gasLimit: 2) == .max)
  }
}
