// Keys: everything that holds, derives, stores or uses an account's key.
//
//   Mnemonic ──► ExtendedKey ──► PrivateKey ──► Signature ──► Address
//   (BIP-39)     (BIP-32/44)       ▲   │            ▲
//                                  │   └► EIP191 / EIP712 digests
//                KeyStore ◄► EncryptedKey (Web3 Secret Storage v3)
//
// libsecp256k1 is reached in Curve/Secp256k1.swift only.
//
//   let key = try PrivateKey(hex: "0x…")
//   let signature = try key.sign(EIP191.digest("hello"))
//   try signature.recoverAddress(digest: EIP191.digest("hello")) == key.address
