/// The first account of the devnet's mnemonic, and what eth-account 0.14 (Python) makes of it.
enum DevnetKey {
  static let mnemonic = "test test test test test test test test test test test junk"
  static let address = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
  /// The account at `m/44'/60'/0'/0/3`.
  static let fourthAddress = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
  static let privateKey = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"

  /// Of the message `hello wörld`.
  static let textSignature =
    "0xda987e53ca0e8ba108640d9c2270a0b4c982db4597c211fe7f82b1b599c31f2d"
    + "38d9d12c1ea7ff8a92c2aef4994a85ca8737a5dd55e4e453ba926a2bfc8b4bab1b"
  /// Of the message `0x00ff`.
  static let bytesSignature =
    "0xd048d5e0cef49222ccb48777bf754f7a0b0b314299f047b0a9a14e70aa265fcf"
    + "4fd45f136fc2c691b951d76b799f722d5ff35c22c9f5114e025ed8abe769c08d1b"
  /// Of the digest of 32 bytes 0x11.
  static let hashSignature =
    "0x0f7ab7fdc86593590dfcf2e79ffe37056ed62d7191979e42979d39942847fbb9"
    + "04f14566b0640bb3c10128294cda733f61fa74f3dc846979c55115e92b0a1b751b"
  static let typedDataSignature =
    "0x1ec1c43bd229820b1c9f2414ae3a65c12081814a1c8f8621458a1cde4ebc15fb"
    + "6c49d1ae4d2fe6e2ec9ce7c05f1c5e8c6bff1f540aba44b5a1b0f7f95e9ba9521c"
  static let typedData = """
    {"types": {"EIP712Domain": [{"name": "name", "type": "string"}, {"name": "chainId",
    "type": "uint256"}], "Mail": [{"name": "to", "type": "address"}, {"name": "n",
    "type": "uint256[]"}]}, "primaryType": "Mail", "domain": {"name": "X", "chainId": 1337},
    "message": {"to": "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "n": [1, 2, 3]}}
    """

  /// The key under the password `pässwörd`.
  static let keyFile = """
    {"address": "f39Fd6e51aad88F6F4ce6aB8827279cffFb92266", "crypto": {"cipher": "aes-128-ctr",
    "cipherparams": {"iv": "15d6ae2a9be0ed0ca974d0f781603047"},
    "ciphertext": "cdb5f2d6ca3a7bc0e5a718657fa2c131839747272eb707184a5dbefeaf7a6c3f",
    "kdf": "pbkdf2", "kdfparams": {"c": 1000, "dklen": 32, "prf": "hmac-sha256",
    "salt": "e5210b9aef1193df049a2f0a0c7c883d"},
    "mac": "a500d521a23997a0e0f284d8a1edc1903ae5ba0aa96e514f6028d183e87c8466"},
    "id": "c51d1fd2-5caa-45f4-b0ae-2051fa814884", "version": 3}
    """
  static let keyFilePassword = "pässwörd"
}
