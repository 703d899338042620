// Requantization of accumulators in memory: 11 instructions a value.
#include "hot.h"
#include "requantize.inc"

    UPYML_HOT

// void upyml_requantize_values(const int32_t *accumulators, int8_t *output, const upyml_prepared *q, int32_t count): one
// after another. q: not plain.
    .global upyml_requantize_values
    .type upyml_requantize_values, @function
    .align 4
upyml_requantize_values:
    entry   a1, 48
    l32i    a9, a4, 0
    l32i    a10, a4, 4
    l32i    a6, a4, 8
    ssr     a6
    loopnez a5, 1f
    l32i    a13, a2, 0
    addi    a2, a2, 4
    slli    a13, a13, 2
    REQUANTIZE a13, a4, a9, a10
    s8i     a13, a3, 0
    addi    a3, a3, 1
1:  retw
    .size upyml_requantize_values, . - upyml_requantize_values
