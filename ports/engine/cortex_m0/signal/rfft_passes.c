// The passes of the FFT in assembly, for tables on a multiple of 4 bytes; from others the plain ones read byte by byte.
#include "signal/rfft.h"

#define upyml_rfft_pass upyml_plain_rfft_pass
#define upyml_rfft_split upyml_plain_rfft_split
#include "../../signal/rfft_passes.c"
#undef upyml_rfft_pass
#undef upyml_rfft_split

// z, end: the numbers; quarter: bytes from one number of a butterfly to the next; step: bytes between the twiddles of k and k + 1.
void upyml_m0_rfft_radix4(int16_t *z, const int16_t *end, uint32_t quarter, const uint8_t *twiddles, uint32_t step);
void upyml_m0_rfft_split(int16_t *low, int16_t *high, const uint8_t *twiddles);

static int aligned(const uint8_t *twiddles) {
    return ((uintptr_t)twiddles & 3) == 0;
}

void upyml_rfft_pass(int16_t *z, int32_t count, int32_t span, const uint8_t *twiddles) {
    if (aligned(twiddles)) {
        upyml_m0_rfft_radix4(z, z + 2 * count, 4 * (uint32_t)span, twiddles, (uint32_t)(count / span));
    } else {
        upyml_plain_rfft_pass(z, count, span, twiddles);
    }
}

void upyml_rfft_split(int16_t *z, int32_t count, const uint8_t *twiddles) {
    if (aligned(twiddles)) {
        split_constant(z, count);
        upyml_m0_rfft_split(z + 2, z + 2 * (count - 1), twiddles);
    } else {
        upyml_plain_rfft_split(z, count, twiddles);
    }
}
