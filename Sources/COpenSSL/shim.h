// RC4 is deprecated as a cipher for secrets; what it hides here is only the kind of traffic.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bn.h>
#include <openssl/rc4.h>
