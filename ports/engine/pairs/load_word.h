// A number of the file, which lies at any address but mostly on a word.
#ifndef UPYML_PAIRS_LOAD_WORD_H
#define UPYML_PAIRS_LOAD_WORD_H

#include "../load.h"

// Not inline: compilers would load the bytes first and look whether that was needed afterwards.
static __attribute__((noinline)) int32_t upyml_load_bytes(const uint8_t *p) {
    return upyml_load_int32(p);
}

static inline int32_t upyml_load_word(const uint8_t *p) {
    return ((uintptr_t)p & 3) == 0 ? *(const int32_t *)(const void *)p : upyml_load_bytes(p);
}

#endif
