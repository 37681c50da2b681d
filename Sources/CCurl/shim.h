// libcurl's setters and getters are variadic, which Swift does not import; each is one typed line.
#pragma once
#include <curl/curl.h>
#include <stdbool.h>

// CURLVERSION_NOW is a macro that Swift does not import.
static inline const char *shim_version(void) {
    return curl_version_info(CURLVERSION_NOW)->version;
}
// Whether libcurl was built to know where certificates are.
static inline bool shim_has_certificates(void) {
    return curl_version_info(CURLVERSION_NOW)->cainfo != NULL;
}

typedef size_t (*shim_curl_write)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode shim_easy_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode shim_easy_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode shim_easy_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode shim_easy_set_write(CURL *handle, CURLoption option, shim_curl_write value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode shim_easy_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode shim_easy_get_pointer(CURL *handle, CURLINFO info, void *value) {
    return curl_easy_getinfo(handle, info, (void **)value);
}
static inline CURLMcode shim_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

typedef int (*shim_curl_socket)(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned);
typedef int (*shim_curl_timer)(CURLM *multi, long milliseconds, void *context);

static inline CURLMcode shim_multi_set_socket(CURLM *multi, shim_curl_socket value, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, value);
}
static inline CURLMcode shim_multi_set_timer(CURLM *multi, shim_curl_timer value, void *context) {
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, value);
}

typedef int (*shim_curl_close)(void *context, curl_socket_t socket);

static inline CURLcode shim_easy_set_close(CURL *handle, shim_curl_close value, void *context) {
    curl_easy_setopt(handle, CURLOPT_CLOSESOCKETDATA, context);
    return curl_easy_setopt(handle, CURLOPT_CLOSESOCKETFUNCTION, value);
}

typedef int (*shim_curl_sending)(void *context, char *remote, char *local, int remote_port, int local_port);

static inline CURLcode shim_easy_set_sending(CURL *handle, shim_curl_sending value, void *context) {
    curl_easy_setopt(handle, CURLOPT_PREREQDATA, context);
    return curl_easy_setopt(handle, CURLOPT_PREREQFUNCTION, value);
}
