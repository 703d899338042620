// Random numbers of the cases.
#ifndef UPYML_TEST_RANDOM_VALUES_H
#define UPYML_TEST_RANDOM_VALUES_H

#include "rig.h"

static inline int32_t between(int32_t low, int32_t high) {
    return low + (int32_t)(rig_random() % (uint32_t)(high - low + 1));
}

static inline int one_in(int32_t n) {
    return between(1, n) == 1;
}

static inline void store(uint8_t *bytes, int32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)((uint32_t)value >> 8 * i);
    }
}

#endif
