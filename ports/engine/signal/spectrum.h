// Of complex int16 numbers, as upyml_rfft_s16() makes them: power and magnitude.
#ifndef UPYML_SPECTRUM_H
#define UPYML_SPECTRUM_H

#include <stdint.h>

// The square root rounded down, and what its square lacks. Bit by bit: `root` is what is found so far, shifted to where its
// square's remainder stands; 16 rounds, fewer for a small x.
static inline uint32_t upyml_root_below(uint32_t x, uint32_t *rest) {
    uint32_t root = 0, bit = 1u << 30;
    while (bit > x) {
        bit >>= 2;
    }
    for (; bit; bit >>= 2) {
        uint32_t least = root + bit;
        root >>= 1;
        if (x >= least) {
            x -= least;
            root += bit;
        }
    }
    *rest = x;
    return root;
}

// The square root rounded to the nearest integer, of up to 2^31.
uint32_t upyml_square_root(uint32_t x);

// input: `count` pairs of int16 (real, imaginary), output: int32 re^2 + im^2, at most 2^31 - 1. Both at any address, apart.
void upyml_power_s16(const uint8_t *input, uint8_t *output, uint32_t count);

// The same with int16 square roots, rounded to the nearest, at most 32767.
void upyml_magnitude_s16(const uint8_t *input, uint8_t *output, uint32_t count);

// x times the factors, as Q15 and rounded to the nearest, halves upwards, clamped to int16: a window over samples. On multiples of
// 2 bytes; output may be x.
void upyml_weigh_s16(const int16_t *x, const int16_t *factors, int16_t *output, uint32_t count);

#endif
