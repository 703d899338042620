// Inputs of an addition, brought to its scale: 13 instructions a value of the first one, 25 of the second with the output.
#include "hot.h"
#include "requantize.inc"

// a4: upyml_scale -> a8 zero point, a11 4 << left shift, a9 multiplier, a10 offset, a14 right shift and 1, a12 0 for a right
// shift of 0, else -1.
    .macro LOAD_SCALE
    l32i    a8, a4, 0
    l32i    a11, a4, 4
    l32i    a9, a4, 8
    l32i    a10, a4, 12
    l32i    a14, a4, 16
    l32i    a12, a4, 20
    .endm

// a13 = the next value at a2, in that scale but for the shift.
    .macro SCALE
    l8ui    a13, a2, 0
    addi    a2, a2, 1
    sext    a13, a13, 7
    sub     a13, a13, a8
    mull    a13, a13, a11
    MULTIPLY_HIGH a13, a9, a4
    srai    a4, a13, 31
    and     a4, a4, a12
    addx2   a13, a4, a13
    add     a13, a13, a10
    .endm

    UPYML_HOT

// void upyml_scale_values(const int8_t *x, int32_t *scaled, const upyml_scale *scale, int32_t count)
    .global upyml_scale_values
    .type upyml_scale_values, @function
    .align 4
upyml_scale_values:
    entry   a1, 48
    LOAD_SCALE
    ssr     a14
    loopnez a5, 1f
    SCALE
    sra     a13, a13
    s32i    a13, a3, 0
    addi    a3, a3, 4
1:  retw
    .size upyml_scale_values, . - upyml_scale_values

// void upyml_add_values(const int8_t *x, const int32_t *scaled, const upyml_scale *scale, const upyml_prepared *q,
//     int8_t *output, int32_t count): the outputs, from x and what upyml_scale_values made of the other input. q: not plain.
    .global upyml_add_values
    .type upyml_add_values, @function
    .align 4
upyml_add_values:
    entry   a1, 48
    LOAD_SCALE
    mov     a4, a7
    l32i    a15, a5, 0
    l32i    a7, a5, 8
    l32i    a5, a5, 4
    loopnez a4, 1f
    SCALE
    ssr     a14
    l32i    a4, a3, 0
    sra     a13, a13
    addi    a3, a3, 4
    ssr     a7
    add     a13, a13, a4
    slli    a13, a13, 2
    REQUANTIZE a13, a4, a15, a5
    s8i     a13, a6, 0
    addi    a6, a6, 1
1:  retw
    .size upyml_add_values, . - upyml_add_values
