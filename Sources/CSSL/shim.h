// libssl: TLS, of which the embedded server is one end. Its options are macros over SSL_CTX_ctrl.
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>

static inline long shim_ssl_ctx_set_mode_partial(SSL_CTX *context) {
    return SSL_CTX_set_mode(
        context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
