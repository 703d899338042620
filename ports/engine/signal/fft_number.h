// Arithmetic of the FFT: complex numbers of two int16, factors in Q15.
#ifndef UPYML_FFT_NUMBER_H
#define UPYML_FFT_NUMBER_H

#include <stdint.h>

typedef struct {
    int32_t re, im;  // in int16
} upyml_complex;

// x / 2^15, rounded to the nearest, halves upwards; the sum of two products may wrap.
static inline int32_t upyml_q15(uint32_t x) {
    return (int16_t)((int32_t)(x + (1 << 14)) >> 15);
}

// x / 2 and x / 4 as kissfft has them: times 16383 and 8191 in Q15, so that a stage's sum of two or four stays in int16.
static inline upyml_complex upyml_fft_scaled(const int16_t *z, int32_t factor) {
    upyml_complex scaled = {upyml_q15((uint32_t)(z[0] * factor)), upyml_q15((uint32_t)(z[1] * factor))};
    return scaled;
}

static inline upyml_complex upyml_fft_product(upyml_complex a, upyml_complex b) {
    upyml_complex product = {
        upyml_q15((uint32_t)(a.re * b.re) - (uint32_t)(a.im * b.im)),
        upyml_q15((uint32_t)(a.re * b.im) + (uint32_t)(a.im * b.re)),
    };
    return product;
}

static inline void upyml_fft_store(int16_t *z, int32_t re, int32_t im) {
    z[0] = (int16_t)re;
    z[1] = (int16_t)im;
}

// The sums of a radix-4 butterfly, of numbers that are scaled and turned already; z0, z1, z2, z3: where they go.
static inline void upyml_fft_sums(upyml_complex a, upyml_complex b, upyml_complex c, upyml_complex d, int16_t *z0,
    int16_t *z1, int16_t *z2, int16_t *z3) {
    upyml_complex even = {a.re + c.re, a.im + c.im}, odd = {a.re - c.re, a.im - c.im};
    upyml_complex sum = {b.re + d.re, b.im + d.im}, difference = {b.re - d.re, b.im - d.im};
    upyml_fft_store(z0, even.re + sum.re, even.im + sum.im);
    upyml_fft_store(z1, odd.re + difference.im, odd.im - difference.re);
    upyml_fft_store(z2, even.re - sum.re, even.im - sum.im);
    upyml_fft_store(z3, odd.re - difference.im, odd.im + difference.re);
}

#endif
