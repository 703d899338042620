// Inputs of an addition, brought to its scale: 15 instructions a value.
#include "hot.h"
#include "requantize.inc"

    UPYML_HOT

// void upyml_scale_values(const int8_t *x, int32_t *sums, const upyml_scale *scale, int32_t count): adds to `sums`.
    .global upyml_scale_values
    .type upyml_scale_values, @function
    .align 4
upyml_scale_values:
    entry   a1, 48
    l32i    a6, a4, 0           // zero point
    l32i    a7, a4, 4           // 4 << left shift
    l32i    a9, a4, 8           // multiplier
    l32i    a10, a4, 12         // offset
    l32i    a14, a4, 16         // right shift and 1
    l32i    a15, a4, 20         // 0 for a right shift of 0, else -1
    ssr     a14
    loopnez a5, 1f
    l8ui    a13, a2, 0
    l32i    a14, a3, 0
    sext    a13, a13, 7
    sub     a13, a13, a6
    mull    a13, a13, a7
    MULTIPLY_HIGH a13, a9, a4
    srai    a4, a13, 31
    and     a4, a4, a15
    addx2   a13, a4, a13
    add     a13, a13, a10
    sra     a13, a13
    add     a13, a13, a14
    s32i    a13, a3, 0
    addi    a2, a2, 1
    addi    a3, a3, 4
1:  retw
    .size upyml_scale_values, . - upyml_scale_values
