// libcrypto: digests, and what HMAC is built from.
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
