// Integer square root of 64 bits in 32-bit arithmetic, a bit each round: first of the 32 bits from the highest on that is 1,
// then with the ones below. What the root's square lacks is at most twice the root, so all fits a register while the root has
// at most 29 bits; few numbers ask for more.
#include "signal/sound.h"
#include "signal/spectrum.h"

uint32_t upyml_square_root_64(uint64_t x) {
    uint32_t high = (uint32_t)(x >> 32), low = (uint32_t)x;
    if (high == 0) {
        uint32_t root = upyml_square_root(low);
        return root < 65536 ? root : 65535;
    }
    int below = (upyml_bits_of(high) + 1) & ~1;  // bits that the first step leaves
    uint32_t rest = high;
    if (below < 32) {
        rest = high << (32 - below) | low >> below;
        low <<= 32 - below;
    }
    uint32_t root = upyml_root_below(rest, &rest);
    int rounds = below / 2;
    for (; rounds && root < 1u << 29; rounds--) {
        rest = rest << 2 | low >> 30;
        low <<= 2;
        uint32_t least = root << 2 | 1;
        root <<= 1;
        if (rest >= least) {
            rest -= least;
            root++;
        }
    }
    uint64_t more = rest;
    for (; rounds; rounds--) {
        more = more << 2 | low >> 30;
        low <<= 2;
        uint64_t least = (uint64_t)root << 2 | 1;
        root <<= 1;
        if (more >= least) {
            more -= least;
            root++;
        }
    }
    return more > root && root != 0xffffffffu ? root + 1 : root;
}
