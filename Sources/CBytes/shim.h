// Looking at many bytes at a time. Swift has the comparisons but not the step from their result to
// a bit mask, which is one instruction here.
#pragma once
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#define SHIM_BLOCK_BYTES 16
#else
#define SHIM_BLOCK_BYTES 8
#endif

// The first byte from `at` on that is a quote, a backslash, a control character or not ASCII.
// A whole block is read at a time: SHIM_BLOCK_BYTES zero bytes after the text must be readable.
static inline const uint8_t *shim_skip_plain_text(const uint8_t *at) {
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');
    for (;; at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i stops = _mm_or_si128(_mm_cmpeq_epi8(block, quote), _mm_cmpeq_epi8(block, backslash));
        // As signed bytes, what is below a space is a control character or not ASCII.
        stops = _mm_or_si128(stops, _mm_cmplt_epi8(block, space));
        unsigned mask = (unsigned)_mm_movemask_epi8(stops);
        if (mask != 0) return at + __builtin_ctz(mask);
    }
#else
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    for (;; at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t quotes = word ^ (ones * '"'), backslashes = word ^ (ones * '\\');
        // The lowest flag is exact: a borrow can only raise false ones above a true one.
        uint64_t stops = (((quotes - ones) & ~quotes) | ((backslashes - ones) & ~backslashes)
                          | ((word - ones * ' ') & ~word) | word) & highs;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        if (stops != 0) return at + (__builtin_ctzll(stops) >> 3);
#else
#error "bytes are looked for in little-endian order"
#endif
    }
#endif
}
