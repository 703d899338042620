// Integer square root of 64 bits, a bit of it each round. The upper half of the root comes from the upper half of x alone,
// in 32-bit arithmetic.
#include "sound.h"
#include "spectrum.h"

uint32_t upyml_square_root_64(uint64_t x) {
    if (x >> 32 == 0) {
        uint32_t root = upyml_square_root((uint32_t)x);
        return root < 65536 ? root : 65535;
    }
    uint32_t high, root = upyml_root_below((uint32_t)(x >> 32), &high);
    // Two bits of x come down each round; `rest` is what the root's square lacks, below 2 * root + 1.
    uint64_t rest = high;
    uint32_t low = (uint32_t)x;
    for (int round = 0; round < 16; round++) {
        rest = rest << 2 | low >> 30;
        low <<= 2;
        uint64_t least = ((uint64_t)root << 2) + 1;
        root <<= 1;
        if (rest >= least) {
            rest -= least;
            root++;
        }
    }
    return rest > root && root != 0xffffffffu ? root + 1 : root;
}
