// FFT of real samples: the even ones as real, the odd ones as imaginary parts go through a complex FFT of half the points,
// whose result is then split in two (rfft_passes.c). The complex FFT decimates in time: radix 4 all through, but for a
// first stage of radix 2 where the count is no power of four; each stage scales by its radix.
#include "rfft.h"

#include <string.h>

#include "fft_number.h"
#include "load.h"

enum { HALF = 16383 };

// Sample pair `place` to z, zero behind the last one.
static inline void copy_pair(const upyml_rfft *p, const uint8_t *input, int32_t place, int16_t *z) {
    const uint8_t *pair = input + 4 * place;
    if (((uintptr_t)input & 3) == 0 && 2 * place + 1 < p->samples) {
        memcpy(__builtin_assume_aligned(z, 4), __builtin_assume_aligned(pair, 4), 4);  // one word, little-endian as is the machine
    } else {
        z[0] = (int16_t)(2 * place < p->samples ? upyml_load16(pair) : 0);
        z[1] = (int16_t)(2 * place + 1 < p->samples ? upyml_load16(pair + 2) : 0);
    }
}

// The pairs in the order that the stages need, for a first one of that radix: the number of its butterfly, with the digits
// to the base 4 reversed, is its first pair's place, counted up from the upper digit.
static void reorder(const upyml_rfft *p, const uint8_t *input, int16_t *z, int32_t count, int32_t radix) {
    int32_t butterflies = count / radix, place = 0;
    for (const int16_t *end = z + 2 * count; z < end;) {
        for (int32_t i = place; i < count; i += butterflies) {
            copy_pair(p, input, i, z);
            z += 2;
        }
        int32_t digit = butterflies / 4;
        while (digit && (place & 3 * digit) == 3 * digit) {
            place -= 3 * digit;
            digit /= 4;
        }
        place += digit;
    }
}

static void radix2_pass(int16_t *z, int32_t count) {
    for (const int16_t *end = z + 2 * count; z < end; z += 4) {
        upyml_complex a = upyml_fft_scaled(z, HALF), b = upyml_fft_scaled(z + 2, HALF);
        upyml_fft_store(z, a.re + b.re, a.im + b.im);
        upyml_fft_store(z + 2, a.re - b.re, a.im - b.im);
    }
}

void upyml_rfft_s16(const upyml_rfft *p, const uint8_t *input, int16_t *output) {
    int32_t count = p->points / 2, span = 1;
    while (span < count) {
        span *= 4;
    }
    if (span > count) {
        reorder(p, input, output, count, 2);
        radix2_pass(output, count);
        span = 2;
    } else {
        reorder(p, input, output, count, 4);
        span = 1;
    }
    for (; span < count; span *= 4) {
        upyml_rfft_pass(output, count, span, p->twiddles);
    }
    upyml_rfft_split(output, count, p->twiddles + 3 * count);
}
