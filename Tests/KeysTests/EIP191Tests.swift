internal import Keys
internal import Primitives
internal import Testing

@Suite struct EIP191Tests {
  /// Made with eth-account 0.14.0: message, digest, signature by the first development account.
  @Test(arguments: [
    (
      "hello", "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750",
      "f16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc"
        + "573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a178235ac27f94504311c"
    ),
    (
      "", "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad",
      "c1977b761f1dd36c29795783460d241885c8e7f9d962dbe7bba2753fd94e89b4"
        + "44a1cd9ed855dd09afa3b73f7c2bd097ec9abc2d2775d737505a02d3f0cafa591b"
    ),
    (
      "käse", "f1fbafd17d53c04fc1856ad6db39e504c857b0f68b638ae3c21f8443593baaeb",
      "4323dcdd44bd234a13779135985dc1ce4d741ec5b677754cf858ae5952bdf97c"
        + "3d7e12c0528e3c38e03895f42cfc83e5e49e479df6dfd8cc96cfc309d21cc5ad1c"
    ),
  ])
  func `signs messages as eth-account does`(
    message: String, digest: String, signature: String
  ) throws {
    #expect(EIP191.digest(message) == (try Hash256(hex: digest)))
    let signed = try PrivateKey(hex: EncryptedKeyTests.secret).sign(EIP191.digest(message))
    #expect(Hex.encode(signed.bytes, prefix: false) == signature)
  }
}
