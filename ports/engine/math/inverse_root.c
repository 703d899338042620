#include "layer_norm.h"

// Largest r with r * r <= x, for x of at least 2^30.
static uint32_t root_of(uint32_t x) {
    uint32_t root = 0;
    for (uint32_t bit = 1u << 15; bit; bit >>= 1) {
        uint32_t tried = root | bit;
        root = tried * tried <= x ? tried : root;
    }
    return root;
}

uint32_t upyml_inverse_root(uint64_t x, int *exponent) {
    int e = 0;
    for (; x >> 32; x >>= 2) {
        e++;
    }
    uint32_t low = (uint32_t)x;
    for (; low < 1u << 30; low <<= 2) {
        e--;
    }
    *exponent = e;
    return (1u << 31) / root_of(low);
}
