internal import Keys
internal import Primitives
internal import Testing

@Suite struct ExtendedKeyTests {
  /// Test vectors 1 to 4 of BIP-32: seed, then path, xpub and xprv of each key.
  static let vectors: [(seed: String, keys: [(path: String, xpub: String, xprv: String)])] = [
    (
      "000102030405060708090a0b0c0d0e0f",
      [
        (
          "m",
          "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2g"
            + "Z29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8",
          "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiC"
            + "hkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi"
        ),
        (
          "m/0h",
          "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6"
            + "LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw",
          "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4c"
            + "V1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY7d2bhkJ7"
        ),
        (
          "m/0h/1",
          "xpub6ASuArnXKPbfEwhqN6e3mwBcDTgzisQN1wXN9BJcM47sSikHjJf3UFHK"
            + "kNAWbWMiGj7Wf5uMash7SyYq527Hqck2AxYysAA7xmALppuCkwQ",
          "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxq"
            + "u53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnrVA1xe8fs"
        ),
        (
          "m/0h/1/2h",
          "xpub6D4BDPcP2GT577Vvch3R8wDkScZWzQzMMUm3PWbmWvVJrZwQY4VUNgqF"
            + "JPMM3No2dFDFGTsxxpG5uJh7n7epu4trkrX7x7DogT5Uv6fcLW5",
          "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWm"
            + "T7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34bhnZX7UiM"
        ),
        (
          "m/0h/1/2h/2",
          "xpub6FHa3pjLCk84BayeJxFW2SP4XRrFd1JYnxeLeU8EqN3vDfZmbqBqaGJA"
            + "yiLjTAwm6ZLRQUMv1ZACTj37sR62cfN7fe5JnJ7dh8zL4fiyLHV",
          "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh"
            + "8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34sJ7in334"
        ),
        (
          "m/0h/1/2h/2/1000000000",
          "xpub6H1LXWLaKsWFhvm6RVpEL9P4KfRZSW7abD2ttkWP3SSQvnyA8FSVqNTE"
            + "cYFgJS2UaFcxupHiYkro49S8yGasTvXEYBVPamhGW6cFJodrTHy",
          "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8k"
            + "mHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNdE3BBDu76"
        ),
      ]
    ),
    (
      "fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a2"
        + "9f9c999693908d8a8784817e7b7875726f6c696663605d5a5754514e4b484542",
      [
        (
          "m",
          "xpub661MyMwAqRbcFW31YEwpkMuc5THy2PSt5bDMsktWQcFF8syAmRUapSCG"
            + "u8ED9W6oDMSgv6Zz8idoc4a6mr8BDzTJY47LJhkJ8UB7WEGuduB",
          "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso"
            + "3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEXVYsCzC2U"
        ),
        (
          "m/0",
          "xpub69H7F5d8KSRgmmdJg2KhpAK8SR3DjMwAdkxj3ZuxV27CprR9LgpeyGmX"
            + "UbC6wb7ERfvrnKZjXoUmmDznezpbZb7ap6r1D3tgFxHmwMkQTPH",
          "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3"
            + "dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS3v86pgKt"
        ),
        (
          "m/0/2147483647h",
          "xpub6ASAVgeehLbnwdqV6UKMHVzgqAG8Gr6riv3Fxxpj8ksbH9ebxaEyBLZ8"
            + "5ySDhKiLDBrQSARLq1uNRts8RuJiHjaDMBU4Zn9h8LZNnBC5y4a",
          "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEe"
            + "Eg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRmagcEPdU9"
        ),
        (
          "m/0/2147483647h/1",
          "xpub6DF8uhdarytz3FWdA8TvFSvvAh8dP3283MY7p2V4SeE2wyWmG5mg5EwV"
            + "vmdMVCQcoNJxGoWaU9DCWh89LojfZ537wTfunKau47EL2dhHKon",
          "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd2"
            + "5UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2ECKADdw4Ef"
        ),
        (
          "m/0/2147483647h/1/2147483646h",
          "xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJb"
            + "ZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL",
          "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7"
            + "iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc"
        ),
        (
          "m/0/2147483647h/1/2147483646h/2",
          "xpub6FnCn6nSzZAw5Tw7cgR9bi15UV96gLZhjDstkXXxvCLsUXBGXPdSnLFb"
            + "dpq8p9HmGsApME5hQTZ3emM2rnY5agb9rXpVGyy3bdW6EEgAtqt",
          "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7"
            + "nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BYPJcr9E7j"
        ),
      ]
    ),
    (
      "4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4ac"
        + "ba45d239319ac14f863b8d5ab5a0d0c64d2e8a1e7d1457df2e5a3c51c73235be",
      [
        (
          "m",
          "xpub661MyMwAqRbcEZVB4dScxMAdx6d4nFc9nvyvH3v4gJL378CSRZiYmhRo"
            + "P7mBy6gSPSCYk6SzXPTf3ND1cZAceL7SfJ1Z3GC8vBgp2epUt13",
          "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7K"
            + "Xp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxBrCmmhgC6"
        ),
        (
          "m/0h",
          "xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADW"
            + "gqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y",
          "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2"
            + "qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L"
        ),
      ]
    ),
    (
      "3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
      [
        (
          "m",
          "xpub661MyMwAqRbcGczjuMoRm6dXaLDEhW1u34gKenbeYqAix21mdUKJyuyu"
            + "5F1rzYGVxyL6tmgBUAEPrEz92mBXjByMRiJdba9wpnN37RLLAXa",
          "xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fR"
            + "DyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63zxwhQmRv"
        ),
        (
          "m/0h",
          "xpub69AUMk3qDBi3uW1sXgjCmVjJ2G6WQoYSnNHyzkmdCHEhSZ4tBok37xfF"
            + "EqHd2AddP56Tqp4o56AePAgCjYdvpW2PU2jbUPFKsav5ut6Ch1m",
          "xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALm"
            + "PXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5ohqkao9G"
        ),
        (
          "m/0h/1h",
          "xpub6BJA1jSqiukeaesWfxe6sNK9CCGaujFFSJLomWHprUL9DePQ4JDkM5d8"
            + "8n49sMGJxrhpjazuXYWdMf17C9T5XnxkopaeS7jGk1GyyVziaMt",
          "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJe"
            + "HVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32dVoS6XLT1"
        ),
      ]
    ),
  ]

  static let accounts = [
    ("m/44'/60'/0'/0/0", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    ("m/44'/60'/0'/0/0", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
    ("m/44'/60'/0'/0/1", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),
    ("m/44'/60'/1'/0/0", "0x8C8d35429F74ec245F8Ef2f4Fd1e551cFF97d650"),
    ("m/44'/60'/0'/0/2", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
    ("m/44'/60'/2'/0/0", "0x98e503f35D0a019cB0a251aD243a4cCFCF371F46"),
  ]

  @Test(arguments: vectors.indices)
  func `agrees with the vectors of BIP-32`(index: Int) throws {
    let vector = Self.vectors[index]
    let master = try ExtendedPrivateKey(seed: Hex.decode(vector.seed))
    for (text, xpub, xprv) in vector.keys {
      let path = try DerivationPath(text)
      let key = try master.derive(path)
      #expect(key.xprv == xprv)
      #expect(key.publicKey.xpub == xpub)
      #expect(Int(key.depth) == path.indices.count)
      #expect(try ExtendedPrivateKey(xprv: xprv).xprv == xprv)
      #expect(try ExtendedPublicKey(xpub: xpub) == key.publicKey)
    }
  }

  @Test func `derives the same public key from either half`() throws {
    let parent = try ExtendedPrivateKey(seed: Hex.decode(Self.vectors[0].seed))
    for index in [0, 1, 2, 1000, 0x7FFF_FFFF] as [UInt32] {
      #expect(try parent.publicKey.child(index) == parent.child(index).publicKey)
    }
    #expect(throws: DerivationError.hardenedNeedsPrivateKey) {
      try parent.publicKey.child(0x8000_0000)
    }
  }

  /// Made with eth-account 0.14.0 from the words that development nodes use.
  @Test(arguments: accounts)
  func `finds the accounts that other wallets find`(path: String, address: String) throws {
    let mnemonic = try Mnemonic(
      phrase: "test test test test test test test test test test test junk")
    let key = try PrivateKey(mnemonic: mnemonic, path: DerivationPath(path))
    #expect(key.address.checksummed == address)
  }

  @Test func `takes the first Ethereum account unless told another`() throws {
    let mnemonic = try Mnemonic(
      phrase: "test test test test test test test test test test test junk")
    #expect(try PrivateKey(mnemonic: mnemonic).address.checksummed == Self.accounts[0].1)
    #expect(DerivationPath.ethereum(7).description == "m/44'/60'/0'/0/7")
  }

  @Test(arguments: [15, 65, 0])
  func `refuses seeds of other lengths`(count: Int) {
    #expect(throws: DerivationError.wrongSeedLength(count)) {
      try ExtendedPrivateKey(seed: [UInt8](repeating: 1, count: count))
    }
  }

  @Test func `ends at depth 255`() throws {
    var key = try ExtendedPrivateKey(seed: [UInt8](repeating: 1, count: 16))
    for _ in 0..<255 { key = try key.child(0) }
    #expect(key.depth == 255)
    #expect(throws: DerivationError.tooDeep) { try key.child(0) }
    #expect(throws: DerivationError.tooDeep) { try key.publicKey.child(0) }
  }

  @Test func `refuses a text with any character changed, missing or added`() throws {
    let (_, xpub, xprv) = Self.vectors[0].keys[1]
    for place in 0..<xprv.count {
      var text = Array(xprv)
      text[place] = text[place] == "2" ? "3" : "2"
      #expect(throws: DerivationError.invalidExtendedKey) {
        try ExtendedPrivateKey(xprv: String(text))
      }
    }
    for text in ["", "x", String(xprv.dropLast()), xprv + "1", "1" + xprv, xpub, "0OIl"] {
      #expect(throws: DerivationError.invalidExtendedKey) { try ExtendedPrivateKey(xprv: text) }
    }
    #expect(throws: DerivationError.invalidExtendedKey) { try ExtendedPublicKey(xpub: xprv) }
    #expect(throws: DerivationError.invalidExtendedKey) {
      try ExtendedPublicKey(xpub: String(repeating: "1", count: 1_000_000))
    }
  }

  @Test func `reads paths with any mark for hardened`() throws {
    let expected = [44, 60, 0].map { $0 | DerivationPath.hardened } + [0, 5]
    for text in ["m/44'/60'/0'/0/5", "m/44h/60H/0'/0/5"] {
      let path = try DerivationPath(text)
      #expect(path.indices == expected)
      #expect(path.description == "m/44'/60'/0'/0/5")
    }
    #expect(try DerivationPath("m").indices.isEmpty)
  }

  @Test(arguments: [
    "", "m/", "/0", "44'/60'", "n/0", "m//0", "m/0/", "m/-1", "m/+1", "m/0''", "m/'", "m/x",
    "m/2147483648", "m/4294967296", "m/ 1", "m/1 ", "M/0", "m/٣",
  ])
  func `refuses what is no path`(text: String) {
    #expect(throws: DerivationError.invalidPath(text)) { try DerivationPath(text) }
  }

  @Test func `refuses a path of more than 255 steps`() {
    #expect(throws: DerivationError.tooDeep) {
      try DerivationPath("m" + String(repeating: "/0", count: 256))
    }
  }

  /// Each has a right checksum and one fault, as those of test vector 5 have.
  @Test(arguments: [
    (
      "zero",
      "xprv9s21ZrQH143K2EDGXpNbsnyEi8jeV64NxA2pduBTWifS5ru9pQKDGk5o"
        + "PPC8wY77PsjeqXT1aWdk8baLPR2zpexXJNh9fspXESuEtirarq6"
    ),
    (
      "order",
      "xprv9s21ZrQH143K2EDGXpNbsnyEi8jeV64NxA2pduBTWifS5ru9pQKDGk5o"
        + "PR8t7mZ9FJQsyM2iV6Fk5vB2mfHowLYcdJWGfAo6XotFcynw9EB"
    ),
    (
      "prefix 4",
      "xprv9s21ZrQH143K2EDGXpNbsnyEi8jeV64NxA2pduBTWifS5ru9pQKDGk5o"
        + "PWy7eTuEoaSZNomqCq7jwsyS3sVsRUL2SvyaeUa7D4vnsnWETmr"
    ),
    (
      "public key",
      "xprv9s21ZrQH143K2EDGXpNbsnyEi8jeV64NxA2pduBTWifS5ru9pQKDGk5o"
        + "PU1F5HPhiun5cZkXKy9AMckVJQ8gnioXcyMJzDBvVfx3owkKp2R"
    ),
    (
      "master with parent",
      "xprv9s2SPatNQ9Vc6SKCC5df4EPUGZc9ENnXSS5uLHDkeCHQHC2ZwidsjCCr"
        + "owhx3PSA2TiB9Cj1tcCN7a31BDZXuTrSkPS8hyhn9DaxfmLiye3"
    ),
    (
      "master with index",
      "xprv9s21ZrQH143K4n3F4n8gtL3CetJBDyu6thHi8RyxJ58ofw84A8JNeYnz"
        + "fd3ivjd32n7kP8dXVVGYBCXtrLAJ1x7EQoAy83ca51LUQtgZMoe"
    ),
    (
      "version",
      "1111111111111ArbhjPGoSGjPz3AnPnnL6x8JNPS7tddEsYo2KGQprWp9F9b"
        + "rbB7mQ9g8qhGKhv8j2xxLSxxvGZa3b2MLKeWDzFQ2MiDAGH"
    ),
    (
      "77 bytes",
      "DeaWiRvhTUWHmRFa5owtYuRNx1St8xg7gScf3ysi9pAcuxCszk2PqoWxLszj"
        + "EEBgQgfzduH1R8og6nEJvqANAA55VUBKCBohw7yz9V59H1NQvA"
    ),
  ])
  func `refuses private forms with a fault inside`(fault: String, text: String) {
    #expect(throws: DerivationError.invalidExtendedKey, "\(fault)") {
      try ExtendedPrivateKey(xprv: text)
    }
  }

  @Test(arguments: [
    (
      "private key",
      "xpub661MyMwAqRbcEiHjdqucEvuyGAa8tYnEKNxRSHb554CQxfEJMwdTpYQH"
        + "EaLR2iFhocBejyZwFGPCk388H5XYaWYgpP1XXCdaAJnUfPMzqeg"
    ),
    (
      "prefix 4",
      "xpub661MyMwAqRbcEiHjdqucEvuyGAa8tYnEKNxRSHb554CQxfEJMwdTpYQH"
        + "Ej31WvSMqVaXnf2rot8cshVq2Hrfqz5SiFouKqNmQqr4ZKBnYJc"
    ),
    (
      "no point",
      "xpub661MyMwAqRbcEiHjdqucEvuyGAa8tYnEKNxRSHb554CQxfEJMwdTpYQH"
        + "EeDuPB9mWTY71cjM4RdCegKg7JkysvESPf9k1W1N9coFecKmneJ"
    ),
    (
      "master with parent",
      "xpub661no6RGEX3uJvPfJ7AfRNLCpbSddqWNof1W8fdNCXpP9zMiVFx8GzXL"
        + "fDfLGJsLmECbph9TJpTEx2kwys9mdPHcazQfsdtELJX1LUSMRo1"
    ),
  ])
  func `refuses public forms with a fault inside`(fault: String, text: String) {
    #expect(throws: DerivationError.invalidExtendedKey, "\(fault)") {
      try ExtendedPublicKey(xpub: text)
    }
  }

  @Test func `takes the forms that those faults were put in`() throws {
    _ = try ExtendedPrivateKey(
      xprv: "xprv9s21ZrQH143K2EDGXpNbsnyEi8jeV64NxA2pduBTWifS5ru9pQKDGk5o"
        + "PPC8wY77PsjeqXT1aWdk8baLPR2zpexXJNh9fspXESuEuJP6mgD")
    _ = try ExtendedPublicKey(
      xpub: "xpub661MyMwAqRbcEiHjdqucEvuyGAa8tYnEKNxRSHb554CQxfEJMwdTpYQH"
        + "Ef9XATYJ8eE5X1sSzitcy4JHC4dEYaPh8yfgqXzyRXqHa3Zxjpg")
  }
}
