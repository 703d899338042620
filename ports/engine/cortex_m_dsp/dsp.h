// Instructions of Arm's DSP extension, one function each, and loads that the compiler does not choose by itself.
//
// Cortex-M4 and M7 have the extension always, a Cortex-M33 where its maker wanted it: all boards that are known here have
// it. A pair is a word of two signed halfwords, (low, high).
#ifndef UPYML_CORTEX_M_DSP_DSP_H
#define UPYML_CORTEX_M_DSP_DSP_H

#include <stdint.h>
#include <string.h>

#ifndef __ARM_FEATURE_DSP
#error "these kernels need the DSP extension, which this processor, or the compiler's -mcpu, does not have"
#endif

// Each is one instruction of any effect but on its result.
#define UPYML_DSP_1(name, instruction)                                 \
    static inline int32_t name(int32_t a) {                            \
        int32_t d;                                                     \
        __asm(instruction : "=r"(d) : "r"(a));                         \
        return d;                                                      \
    }
#define UPYML_DSP_2(name, instruction)                                 \
    static inline int32_t name(int32_t a, int32_t b) {                 \
        int32_t d;                                                     \
        __asm(instruction : "=r"(d) : "r"(a), "r"(b));                 \
        return d;                                                      \
    }
#define UPYML_DSP_3(name, instruction)                                 \
    static inline int32_t name(int32_t a, int32_t b, int32_t c) {      \
        int32_t d;                                                     \
        __asm(instruction : "=r"(d) : "r"(a), "r"(b), "r"(c));         \
        return d;                                                      \
    }

// Bytes 0 and 2, 1 and 3 of a word as a pair, with their sign or without.
UPYML_DSP_1(upyml_sxtb16, "sxtb16 %0, %1")
UPYML_DSP_1(upyml_sxtb16_odd, "sxtb16 %0, %1, ror #8")
UPYML_DSP_1(upyml_uxtb16, "uxtb16 %0, %1")
UPYML_DSP_1(upyml_uxtb16_odd, "uxtb16 %0, %1, ror #8")
// a + those of b
UPYML_DSP_2(upyml_sxtab16, "sxtab16 %0, %1, %2")
UPYML_DSP_2(upyml_sxtab16_odd, "sxtab16 %0, %1, %2, ror #8")
// (a low, b low), (a high, b high)
UPYML_DSP_2(upyml_pair_lows, "pkhbt %0, %1, %2, lsl #16")
UPYML_DSP_2(upyml_pair_highs, "pkhtb %0, %2, %1, asr #16")
// c + a low * b low + a high * b high; the next: a low * b high + a high * b low. Sums wrap.
UPYML_DSP_3(upyml_smlad, "smlad %0, %1, %2, %3")
UPYML_DSP_3(upyml_smladx, "smladx %0, %1, %2, %3")
// c + a low * b high, c + a high * b low
UPYML_DSP_3(upyml_smlabt, "smlabt %0, %1, %2, %3")
UPYML_DSP_3(upyml_smlatb, "smlatb %0, %1, %2, %3")
// The upper half of (c << 32) + a * b, rounded to the nearest, halves upwards.
UPYML_DSP_3(upyml_smmlar, "smmlar %0, %1, %2, %3")
// a clamped to int8
UPYML_DSP_1(upyml_ssat8, "ssat %0, #8, %1")

// A word from any place.
static inline int32_t upyml_load_any(const void *place) {
    int32_t word;
    memcpy(&word, place, 4);
    return word;
}

#endif
