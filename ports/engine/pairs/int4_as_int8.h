// Weights of four bits as those of eight lie in the file, for what reads these: eight k of a block of four channels.
#ifndef UPYML_PAIRS_INT4_AS_INT8_H
#define UPYML_PAIRS_INT4_AS_INT8_H

#include "../load.h"
#include "../weights_int4.h"

// A word of nibbles w + 8 becomes two of bytes w + 128: the even nibbles are bytes 0 and 2 already, the odd ones 1 and 3.
static inline void upyml_int4_as_int8(const uint8_t *group, uint32_t words[8]) {
    for (int channel = 0; channel < 4; channel++) {
        uint32_t nibbles = upyml_load32(group + 4 * channel);
        for (int quad = 0; quad < 8; quad += 4, nibbles >>= 8) {
            words[quad + channel] = (nibbles & 0x000f000f) + (nibbles << 4 & 0x0f000f00) + 0x78787878;
        }
    }
}

#endif
