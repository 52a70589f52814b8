internal import Keys
internal import Primitives
internal import Testing

@Suite struct MnemonicTests {
  /// Those of BIP-39 and a few more, all made with the reference implementation, mnemonic 0.21:
  /// entropy, words, and the seed under the passphrase "TREZOR".
  static let vectors: [(entropy: String, phrase: String, seed: String)] = [
    (
      "00000000000000000000000000000000",
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        + "abandon about",
      "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553"
        + "1f09a6987599d18264c1e1c92f2cf141630c7a3c4ab7c81b2f001698e7463b04"
    ),
    (
      "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
      "legal winner thank year wave sausage worth useful legal winner thank yellow",
      "2e8905819b8723fe2c1d161860e5ee1830318dbf49a83bd451cfb8440c28bd6f"
        + "a457fe1296106559a3c80937a1c1069be3a3a5bd381ee6260e8d9739fce1f607"
    ),
    (
      "80808080808080808080808080808080",
      "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
      "d71de856f81a8acc65e6fc851a38d4d7ec216fd0796d0a6827a3ad6ed5511a30"
        + "fa280f12eb2e47ed2ac03b5c462a0358d18d69fe4f985ec81778c1b370b652a8"
    ),
    (
      "ffffffffffffffffffffffffffffffff",
      "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
      "ac27495480225222079d7be181583751e86f571027b0497b5b5d11218e0a8a13"
        + "332572917f0f8e5a589620c6f15b11c61dee327651a14c34e18231052e48c069"
    ),
    (
      "000000000000000000000000000000000000000000000000",
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        + "abandon abandon abandon abandon abandon abandon abandon agent",
      "035895f2f481b1b0f01fcf8c289c794660b289981a78f8106447707fdd9666ca"
        + "06da5a9a565181599b79f53b844d8a71dd9f439c52a3d7b3e8a79c906ac845fa"
    ),
    (
      "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
      "legal winner thank year wave sausage worth useful legal winner thank year wave "
        + "sausage worth useful legal will",
      "f2b94508732bcbacbcc020faefecfc89feafa6649a5491b8c952cede496c214a"
        + "0c7b3c392d168748f2d4a612bada0753b52a1c7ac53c1e93abd5c6320b9e95dd"
    ),
    (
      "ffffffffffffffffffffffffffffffffffffffffffffffff",
      "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo when",
      "0cd6e5d827bb62eb8fc1e262254223817fd068a74b5b449cc2f667c3f1f985a7"
        + "6379b43348d952e2265b4cd129090758b3e3c2c49103b5051aac2eaeb890a528"
    ),
    (
      "0000000000000000000000000000000000000000000000000000000000000000",
      "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        + "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
        + "abandon abandon abandon art",
      "bda85446c68413707090a52022edd26a1c9462295029f2e60cd7c4f2bbd30971"
        + "70af7a4d73245cafa9c3cca8d561a7c3de6f5d4a10be8ed2a5e608d68f92fcc8"
    ),
    (
      "8080808080808080808080808080808080808080808080808080808080808080",
      "letter advice cage absurd amount doctor acoustic avoid letter advice cage "
        + "absurd amount doctor acoustic avoid letter advice cage absurd amount doctor "
        + "acoustic bless",
      "c0c519bd0e91a2ed54357d9d1ebef6f5af218a153624cf4f2da911a0ed8f7a09"
        + "e2ef61af0aca007096df430022f7a2b6fb91661a9589097069720d015e4e982f"
    ),
    (
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo "
        + "zoo zoo zoo vote",
      "dd48c104698c30cfe2b6142103248622fb7bb0ff692eebb00089b32d22484e16"
        + "13912f0a5b694407be899ffd31ed3992c456cdf60f5d4564b8ba3f05a69890ad"
    ),
    (
      "9e885d952ad362caeb4efe34a8e91bd2",
      "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic",
      "274ddc525802f7c828d8ef7ddbcdc5304e87ac3535913611fbbfa986d0c9e547"
        + "6c91689f9c8a54fd55bd38606aa6a8595ad213d4c9c9f9aca3fb217069a41028"
    ),
    (
      "0102030405060708090a0b0c0d0e0f1011121314",
      "absurd avoid scissors anxiety gather lottery category door army half long cage "
        + "bachelor another fatal",
      "82222fade693c70ac614862ea94e00407ecf2bc4edb97cfa6e63faed229916c4"
        + "b473c5d259bc1516d30d749ca90860990252fd59301d8cb90821003903b8031f"
    ),
    (
      "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c",
      "absurd avoid scissors anxiety gather lottery category door army half long cage "
        + "bachelor another expect people blade school educate curtain shop",
      "280ca37e1f0136d8618c01dd55be217ebcc7ec16b98a6e75df77dcb8e0bd9f90"
        + "c6e8954f9bbf402383a0d04a8e5bfdcb35f6535b990e7c097f4314e00573c2f4"
    ),
  ]

  @Test(arguments: vectors.indices)
  func `agrees with the reference implementation`(index: Int) throws {
    let vector = Self.vectors[index]
    let mnemonic = try Mnemonic(entropy: Hex.decode(vector.entropy))
    #expect(mnemonic.phrase == vector.phrase)
    #expect(try Mnemonic(phrase: vector.phrase) == mnemonic)
    let seed = try mnemonic.seed(passphrase: "TREZOR")
    #expect(Hex.encode(seed, prefix: false) == vector.seed)
  }

  @Test func `normalises a passphrase by NFKD`() throws {
    let mnemonic = try Mnemonic(phrase: Self.vectors[0].phrase)
    let expected =
      "6a37b31df9627dbc20cb26bb3b1037eb2e07e9458d7b8123db12b37be9e8c4b8"
      + "92fdaeb342957acc3927ef9acba88f41c6755218511c0b39dbfd68a702dc7e86"
    // The same text composed and decomposed, with a ligature.
    for passphrase in [
      "p\u{E4}ssw\u{F6}rd \u{FB01} \u{212B}", "pa\u{308}sswo\u{308}rd fi A\u{30A}",
    ] {
      #expect(Hex.encode(try mnemonic.seed(passphrase: passphrase), prefix: false) == expected)
    }
  }

  @Test(arguments: [12, 15, 18, 21, 24])
  func `generates any of the five lengths`(count: Int) throws {
    let mnemonic = try Mnemonic.generate(wordCount: count)
    #expect(mnemonic.words.count == count)
    #expect(try Mnemonic(phrase: mnemonic.phrase).entropy == mnemonic.entropy)
    #expect(try Mnemonic.generate(wordCount: count) != mnemonic)
  }

  @Test(arguments: [0, -3, 3, 9, 11, 13, 27])
  func `refuses other counts of words`(count: Int) {
    #expect(throws: MnemonicError.wrongWordCount(count)) {
      try Mnemonic.generate(wordCount: count)
    }
    guard count >= 0 else { return }
    #expect(throws: MnemonicError.wrongWordCount(count)) {
      try Mnemonic(phrase: Array(repeating: "zoo", count: count).joined(separator: " "))
    }
  }

  @Test(arguments: [0, 15, 17, 18, 33, 36])
  func `refuses other lengths of entropy`(count: Int) {
    #expect(throws: MnemonicError.wrongEntropyLength(count)) {
      try Mnemonic(entropy: [UInt8](repeating: 0, count: count))
    }
  }

  @Test func `names the place of an unknown word, and not the word`() {
    let phrase = Self.vectors[0].phrase.replacing("about", with: "abuot")
    let error = #expect(throws: MnemonicError.unknownWord(position: 12)) {
      try Mnemonic(phrase: phrase)
    }
    #expect(error?.description.contains("abuot") == false)
  }

  @Test func `finds two words that changed places, by the checksum`() {
    #expect(throws: MnemonicError.wrongChecksum) {
      try Mnemonic(
        phrase: "winner legal thank year wave sausage worth useful legal winner thank yellow")
    }
    #expect(throws: MnemonicError.wrongChecksum) {
      try Mnemonic(phrase: Array(repeating: "zoo", count: 12).joined(separator: " "))
    }
  }

  @Test func `takes any white space and case`() throws {
    let (_, phrase, _) = Self.vectors[1]
    let typed = "\n  " + phrase.uppercased().replacing(" ", with: " \t\u{3000}") + "\n"
    #expect(try Mnemonic(phrase: typed).phrase == phrase)
  }

  @Test func `never shows its words`() throws {
    let mnemonic = try Mnemonic(phrase: Self.vectors[1].phrase)
    var dumped = ""
    dump(mnemonic, to: &dumped)
    for text in ["\(mnemonic)", String(reflecting: mnemonic), dumped] {
      #expect(!text.contains("legal") && !text.contains("127"))
    }
  }
}
