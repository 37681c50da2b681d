// libcrypto: digests, and what HMAC is built from.
#pragma once
#include <openssl/evp.h>
