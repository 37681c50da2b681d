// What the transport of a copy costs by itself on this machine: no program that sends the same
// requests can take less.
//
//   floor SOURCE TARGET --endpoint URL [--libcurl] [--ca-bundle FILE]
//
// It reads pages, cuts them by a fixed pattern, puts batches of 25 and hashes each body once, as
// a signature demands. It signs nothing, checks nothing but that nothing came back unprocessed,
// and is of no use with tables whose items do not all begin with the same attribute. TARGET must
// be there. By default it speaks HTTP over plain sockets, with --libcurl by the multi interface; in
// one thread either way.

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <curl/curl.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { LANES = 16, BATCH = 25, PAGE_LIMIT = 500 };
enum { BODY_MAX = 1 << 20, REPLY_MAX = 4 << 20, FILES_MAX = 1024 };

static const char *source, *target, *url, *ca_bundle;
static const EVP_MD *sha256;

static void fail(const char *what, const char *detail) {
    fprintf(stderr, "floor: %s: %s\n", what, detail);
    exit(1);
}

struct bytes {
    char *start;
    size_t count;
};

static void add(struct bytes *to, const void *bytes, size_t count) {
    memcpy(to->start + to->count, bytes, count);
    to->count += count;
}

static void add_text(struct bytes *to, const char *text) { add(to, text, strlen(text)); }

// A segment on its way: a Scan, then the batches of its page one by one, and so on.
struct lane {
    int segment;
    bool is_scan;
    struct bytes body, reply, page;
    // What of the page has not been sent yet, and what its items begin with: `{"name":{"`.
    char *next, *items_end;
    char opening[300];
    size_t opening_count;
    // `LastEvaluatedKey`; none once the segment's last page has come.
    char last_key[4096];
    EVP_MD_CTX *hash;
    // Plain sockets: what is sent, and the length of the reply's body, SIZE_MAX until it is known.
    int socket;
    char *request;
    size_t awaited;
    // libcurl.
    CURL *easy;
};

static void hash(struct lane *lane) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned count;
    EVP_DigestInit_ex(lane->hash, NULL, NULL);
    EVP_DigestUpdate(lane->hash, lane->body.start, lane->body.count);
    EVP_DigestFinal_ex(lane->hash, digest, &count);
}

static void write_scan(struct lane *lane) {
    lane->is_scan = true;
    lane->body.count = (size_t)snprintf(
        lane->body.start, BODY_MAX,
        "{\"TableName\":\"%s\",\"Limit\":%d,\"Segment\":%d,\"TotalSegments\":%d%s%s}", source,
        PAGE_LIMIT, lane->segment, LANES, *lane->last_key ? ",\"ExclusiveStartKey\":" : "",
        lane->last_key);
    hash(lane);
}

// Items stand as `{...},{...}`: one ends where the next begins as all of them do.
static char *item_end(struct lane *lane) {
    char *at = lane->next + lane->opening_count, *end = lane->items_end;
    const char *opening = lane->opening;
    size_t count = lane->opening_count;
#ifdef __SSE2__
    // Sixteen places at a time, by the first byte and the fourth from the end, which is the last
    // of the name; buffers are longer than what they hold.
    const __m128i first = _mm_set1_epi8('{'), last = _mm_set1_epi8(opening[count - 4]);
    for (; at < end; at += 16) {
        __m128i heads = _mm_cmpeq_epi8(_mm_loadu_si128((void *)at), first);
        __m128i tails = _mm_cmpeq_epi8(_mm_loadu_si128((void *)(at + count - 4)), last);
        unsigned places = (unsigned)_mm_movemask_epi8(_mm_and_si128(heads, tails));
        for (; places; places &= places - 1) {
            char *place = at + __builtin_ctz(places);
            if (place < end && memcmp(place, opening, count) == 0) return place - 1;
        }
    }
    return end;
#else
    char *found = memmem(at, (size_t)(end - at), opening, count);
    return found ? found - 1 : end;
#endif
}

static void write_batch(struct lane *lane) {
    lane->is_scan = false;
    lane->body.count = 0;
    add_text(&lane->body, "{\"RequestItems\":{\"");
    add_text(&lane->body, target);
    add_text(&lane->body, "\":[");
    for (int count = 0; count < BATCH && lane->next < lane->items_end; count++) {
        char *end = item_end(lane);
        add_text(&lane->body, count ? ",{\"PutRequest\":{\"Item\":" : "{\"PutRequest\":{\"Item\":");
        add(&lane->body, lane->next, (size_t)(end - lane->next));
        add_text(&lane->body, "}}");
        lane->next = end < lane->items_end ? end + 1 : end;
    }
    add_text(&lane->body, "]}}");
    hash(lane);
}

static void open_page(struct lane *lane) {
    struct bytes page = lane->reply;
    lane->reply = lane->page;
    lane->page = page;
    page.start[page.count] = 0;
    char *items = memmem(page.start, page.count < 4096 ? page.count : 4096, "\"Items\":[", 9);
    if (!items) fail("a page without items", page.start);
    lane->next = items + 9;
    // The service's replies end with what is no item: the key, if any, and counts.
    size_t tail = page.count < 8192 ? page.count : 8192;
    char *rest = page.start + page.count - tail;
    char *key = memmem(rest, tail, "\"LastEvaluatedKey\":", 19);
    char *last = memrchr(page.start, ']', page.count);
    if (!last) fail("a page without an end", page.start);
    lane->items_end = last;
    lane->last_key[0] = 0;
    if (key) {
        char *from = key + 19, *at = from;
        int depth = 0;
        do {
            depth += *at == '{' ? 1 : *at == '}' ? -1 : 0;
            at++;
        } while (depth > 0);
        if (at - from >= (long)sizeof lane->last_key) fail("a key that is too long", from);
        memcpy(lane->last_key, from, (size_t)(at - from));
        lane->last_key[at - from] = 0;
        // The key may stand before the items, or behind them with brackets of its own in it.
        if (key > lane->next && key < last) lane->items_end = key - 2;
    }
    if (*lane->next != '{') {
        lane->items_end = lane->next;
    } else if (lane->opening_count == 0) {
        char *value = strstr(lane->next, ":{\"");
        if (!value || value + 3 - lane->next > (long)sizeof lane->opening)
            fail("items that begin in no known way", lane->next);
        lane->opening_count = (size_t)(value + 3 - lane->next);
        memcpy(lane->opening, lane->next, lane->opening_count);
    }
}

// Takes the reply that has come, and writes the next request; false when there is none.
static bool step(struct lane *lane) {
    if (lane->is_scan) {
        open_page(lane);
    } else if (!memmem(lane->reply.start, lane->reply.count, "\"UnprocessedItems\":{}", 21)) {
        fail("not all was written", lane->reply.start);
    }
    lane->reply.count = 0;
    if (lane->next < lane->items_end) {
        write_batch(lane);
    } else if (*lane->last_key) {
        write_scan(lane);
    } else {
        return false;
    }
    return true;
}

static struct lane *new_lane(int segment) {
    struct lane *lane = calloc(1, sizeof *lane);
    lane->segment = segment;
    lane->body.start = malloc(BODY_MAX);
    lane->reply.start = malloc(REPLY_MAX);
    lane->page.start = malloc(REPLY_MAX);
    lane->hash = EVP_MD_CTX_new();
    EVP_DigestInit_ex(lane->hash, sha256, NULL);
    write_scan(lane);
    return lane;
}

#define AUTHORIZATION                                                                            \
    "Authorization: AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/dynamodb/aws4_request, " \
    "SignedHeaders=content-type;host;x-amz-date;x-amz-target, Signature="                         \
    "0000000000000000000000000000000000000000000000000000000000000000"
#define TARGET "X-Amz-Target: DynamoDB_20120810."

static const char *operation(struct lane *lane) {
    return lane->is_scan ? TARGET "Scan" : TARGET "BatchWriteItem";
}

// MARK: plain sockets

// Head and body leave in one call.
static void send_request(struct lane *lane) {
    char *request = lane->request;
    int head = sprintf(
        request,
        "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-amz-json-1.0\r\n"
        "%s\r\nX-Amz-Date: 20260101T000000Z\r\n" AUTHORIZATION "\r\nContent-Length: %zu\r\n\r\n",
        operation(lane), lane->body.count);
    memcpy(request + head, lane->body.start, lane->body.count);
    size_t left = (size_t)head + lane->body.count;
    while (left > 0) {
        ssize_t sent = send(lane->socket, request, left, 0);
        if (sent <= 0) fail("send", "the connection is gone");
        request += sent;
        left -= (size_t)sent;
    }
    lane->awaited = SIZE_MAX;
}

// Takes what has come of a reply; true once it is whole.
static bool receive_reply(struct lane *lane) {
    struct bytes *reply = &lane->reply;
    ssize_t got = recv(lane->socket, reply->start + reply->count, REPLY_MAX - 1 - reply->count, 0);
    if (got <= 0) fail("recv", "the connection is gone");
    reply->count += (size_t)got;
    char *end = NULL;
    if (lane->awaited == SIZE_MAX) end = memmem(reply->start, reply->count, "\r\n\r\n", 4);
    if (end) {
        *end = 0;
        char *length = strcasestr(reply->start, "content-length: ");
        if (!length || strncmp(reply->start, "HTTP/1.1 200", 12) != 0) fail("reply", end + 4);
        lane->awaited = (size_t)atol(length + 16);
        // The head is taken off at once, while hardly anything stands behind it.
        reply->count -= (size_t)(end + 4 - reply->start);
        memmove(reply->start, end + 4, reply->count);
    }
    return reply->count >= lane->awaited;
}

static void run_sockets(void) {
    struct lane *lanes[LANES];
    struct pollfd polled[LANES];
    int port, on = 1, left = LANES;
    if (sscanf(url, "http://127.0.0.1:%d", &port) != 1) fail("no plain loopback address", url);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int segment = 0; segment < LANES; segment++) {
        struct lane *lane = lanes[segment] = new_lane(segment);
        lane->request = malloc(BODY_MAX + 1024);
        lane->socket = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(lane->socket, (struct sockaddr *)&address, sizeof address) != 0)
            fail("connect", url);
        setsockopt(lane->socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        polled[segment] = (struct pollfd){.fd = lane->socket, .events = POLLIN};
        send_request(lane);
    }
    while (left > 0) {
        if (poll(polled, LANES, -1) < 0) fail("poll", "no sockets");
        for (int segment = 0; segment < LANES; segment++) {
            struct lane *lane = lanes[segment];
            if (!polled[segment].revents || !receive_reply(lane)) continue;
            if (step(lane)) {
                send_request(lane);
            } else {
                polled[segment].fd = -1;
                left--;
            }
        }
    }
}

// MARK: libcurl

static size_t receive(char *bytes, size_t size, size_t count, void *context) {
    struct lane *lane = context;
    if (lane->reply.count + size * count >= REPLY_MAX) fail("reply", "too long");
    add(&lane->reply, bytes, size * count);
    return size * count;
}

static struct curl_slist *head(bool is_scan) {
    const char *lines[] = {
        "Content-Type: application/x-amz-json-1.0",
        is_scan ? TARGET "Scan" : TARGET "BatchWriteItem",
        "X-Amz-Date: 20260101T000000Z",
        AUTHORIZATION,
        "Accept:",
        "Expect:",
    };
    struct curl_slist *list = NULL;
    for (size_t line = 0; line < sizeof lines / sizeof *lines; line++)
        list = curl_slist_append(list, lines[line]);
    return list;
}

// libcurl says what is to be watched; a socket that waits for its next request is left with the
// kernel, so that a request costs no call here.
static int watched;
static uint32_t watched_for[FILES_MAX];

static int watch(CURL *easy, curl_socket_t socket, int what, void *context, void *assigned) {
    (void)easy, (void)context, (void)assigned;
    struct epoll_event event = {.data.fd = socket};
    if (what == CURL_POLL_REMOVE) return 0;
    if (what & CURL_POLL_IN) event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT) event.events |= EPOLLOUT;
    if (socket >= FILES_MAX) fail("socket", "its number is too high");
    if (event.events == watched_for[socket]) return 0;
    int operation = watched_for[socket] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(watched, operation, socket, &event) != 0) fail("epoll", "refuses a socket");
    watched_for[socket] = event.events;
    return 0;
}

// In how many milliseconds libcurl wants to be called, once, though no socket is ready; -1: not at
// all. With a call for a socket it does by itself what is due then.
static int due = -1;

static int set_timer(CURLM *multi, long milliseconds, void *context) {
    (void)multi, (void)context;
    due = (int)milliseconds;
    return 0;
}

// Takes the replies that have come whole, and adds the next requests.
static void take_done(CURLM *multi, struct curl_slist *heads[], int *left) {
    CURLMsg *message;
    int messages;
    while ((message = curl_multi_info_read(multi, &messages))) {
        struct lane *lane;
        CURL *easy = message->easy_handle;
        if (message->data.result != CURLE_OK)
            fail("libcurl", curl_easy_strerror(message->data.result));
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&lane);
        curl_multi_remove_handle(multi, easy);
        bool was_scan = lane->is_scan;
        if (!step(lane)) {
            (*left)--;
            continue;
        }
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)lane->body.count);
        if (was_scan != lane->is_scan)
            curl_easy_setopt(easy, CURLOPT_HTTPHEADER, heads[lane->is_scan]);
        curl_multi_add_handle(multi, easy);
    }
}

static void run_libcurl(void) {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    struct curl_slist *heads[] = {head(false), head(true)};
    CURLM *multi = curl_multi_init();
    int left = LANES;
    watched = epoll_create1(0);
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    for (int segment = 0; segment < LANES; segment++) {
        struct lane *lane = new_lane(segment);
        lane->easy = curl_easy_init();
        curl_easy_setopt(lane->easy, CURLOPT_URL, url);
        curl_easy_setopt(lane->easy, CURLOPT_POST, 1L);
        curl_easy_setopt(lane->easy, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(lane->easy, CURLOPT_PROXY, "");
        curl_easy_setopt(lane->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(lane->easy, CURLOPT_BUFFERSIZE, 65536L);
        curl_easy_setopt(lane->easy, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(lane->easy, CURLOPT_WRITEFUNCTION, receive);
        curl_easy_setopt(lane->easy, CURLOPT_WRITEDATA, lane);
        curl_easy_setopt(lane->easy, CURLOPT_PRIVATE, lane);
        curl_easy_setopt(lane->easy, CURLOPT_CAPATH, NULL);
        if (ca_bundle) curl_easy_setopt(lane->easy, CURLOPT_CAINFO, ca_bundle);
        curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDS, lane->body.start);
        curl_easy_setopt(lane->easy, CURLOPT_POSTFIELDSIZE, (long)lane->body.count);
        curl_easy_setopt(lane->easy, CURLOPT_HTTPHEADER, heads[lane->is_scan]);
        curl_multi_add_handle(multi, lane->easy);
    }
    while (left > 0) {
        struct epoll_event events[LANES];
        int running;
        int count = epoll_wait(watched, events, LANES, due);
        if (count == 0 || due == 0) {
            due = -1;
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int index = 0; index < count; index++) {
            int ready = (events[index].events & EPOLLIN ? CURL_CSELECT_IN : 0)
                        | (events[index].events & EPOLLOUT ? CURL_CSELECT_OUT : 0);
            curl_multi_socket_action(multi, events[index].data.fd, ready, &running);
        }
        take_done(multi, heads, &left);
    }
}

int main(int count, char **words) {
    bool with_libcurl = false;
    for (int index = 1; index < count; index++) {
        const char *word = words[index];
        if (strcmp(word, "--libcurl") == 0) {
            with_libcurl = true;
        } else if (strcmp(word, "--endpoint") == 0 && index + 1 < count) {
            url = words[++index];
        } else if (strcmp(word, "--ca-bundle") == 0 && index + 1 < count) {
            ca_bundle = words[++index];
        } else if (!source) {
            source = word;
        } else {
            target = word;
        }
    }
    if (!url || !target)
        fail("usage", "floor SOURCE TARGET --endpoint URL [--libcurl] [--ca-bundle FILE]");
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (with_libcurl) {
        run_libcurl();
    } else {
        run_sockets();
    }
    return 0;
}
