// Sums over pixels of four channels at once: a word's bytes are added in two registers of two 16-bit lanes, 4 cycles a value.
#ifndef UPYML_CORTEX_M0_SUM_CHANNELS_H
#define UPYML_CORTEX_M0_SUM_CHANNELS_H

#include <stdint.h>

enum { UPYML_M0_MOST_SUMMED = 257 };  // values of 8 bits that a lane has room for

typedef uint32_t __attribute__((may_alias)) upyml_m0_four;

// Are four channels a word each, for pixels `step` bytes apart?
static inline int upyml_m0_in_words(const int8_t *values, int32_t step) {
    return (((uintptr_t)values | (uintptr_t)step) & 3) == 0;
}

// Adds `count` pixels, at most UPYML_M0_MOST_SUMMED in all, each value as value + 128: channels 0 and 2 to lanes[0], 1 and 3
// to lanes[1].
static inline void upyml_m0_add_lanes(uint32_t lanes[2], const int8_t *values, int32_t step, int32_t count) {
    uint32_t even = lanes[0], odd = lanes[1];
    for (; count > 0; count--, values += step) {
        uint32_t four = *(const upyml_m0_four *)values ^ 0x80808080u;
        even += four & 0x00ff00ffu;
        odd += four >> 8 & 0x00ff00ffu;
    }
    lanes[0] = even;
    lanes[1] = odd;
}

// The sum of channel 0 to 3 over `count` pixels.
static inline int32_t upyml_m0_lane_sum(const uint32_t lanes[2], int channel, int32_t count) {
    return (int32_t)(lanes[channel & 1] >> 8 * (channel & 2) & 0xffff) - 128 * count;
}

#endif
