// libcrypto: SHA-256, what HMAC is built from, and MD5 from a provider of its own.
#pragma once
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
