#include "CReference.h"

#include <secp256k1.h>
#include <secp256k1_recovery.h>

static secp256k1_context *context(void) {
  static secp256k1_context *made;
  if (!made) {
    static const unsigned char seed[32] = {1};
    made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    (void)!secp256k1_context_randomize(made, seed);
  }
  return made;
}

size_t reference_sign(const uint8_t *digests, const uint8_t *secrets, size_t count) {
  secp256k1_context *ctx = context();
  size_t good = 0;
  for (size_t i = 0; i < count; i++) {
    secp256k1_ecdsa_recoverable_signature signature;
    unsigned char compact[64];
    int id;
    if (!secp256k1_ecdsa_sign_recoverable(
            ctx, &signature, digests + 32 * i, secrets + 32 * i, NULL, NULL)) {
      continue;
    }
    secp256k1_ecdsa_recoverable_signature_serialize_compact(ctx, compact, &id, &signature);
    good += id >= 0;
  }
  return good;
}

size_t reference_recover(
    const uint8_t *digests, const uint8_t *signatures, size_t count) {
  secp256k1_context *ctx = context();
  size_t good = 0;
  for (size_t i = 0; i < count; i++) {
    const uint8_t *compact = signatures + 65 * i;
    secp256k1_ecdsa_recoverable_signature signature;
    secp256k1_pubkey key;
    unsigned char bytes[65];
    size_t length = sizeof bytes;
    if (!secp256k1_ecdsa_recoverable_signature_parse_compact(
            ctx, &signature, compact, compact[64])
        || !secp256k1_ecdsa_recover(ctx, &key, &signature, digests + 32 * i)) {
      continue;
    }
    secp256k1_ec_pubkey_serialize(ctx, bytes, &length, &key, SECP256K1_EC_UNCOMPRESSED);
    good += bytes[0] == 4;
  }
  return good;
}

size_t reference_verify(
    const uint8_t *digests, const uint8_t *signatures, const uint8_t *keys, size_t count) {
  secp256k1_context *ctx = context();
  size_t good = 0;
  for (size_t i = 0; i < count; i++) {
    secp256k1_ecdsa_signature signature;
    secp256k1_pubkey key;
    if (!secp256k1_ecdsa_signature_parse_compact(ctx, &signature, signatures + 65 * i)
        || !secp256k1_ec_pubkey_parse(ctx, &key, keys + 65 * i, 65)) {
      continue;
    }
    good += secp256k1_ecdsa_verify(ctx, &signature, digests + 32 * i, &key);
  }
  return good;
}
