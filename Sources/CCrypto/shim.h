// libcrypto: SHA-256, and what HMAC is built from.
#pragma once
#include <openssl/evp.h>
