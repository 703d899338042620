// Bytes to words of two int16 each: 25 instructions for eight values that start on a word.
#include "hot.h"

// Four bytes of a6 to four halves at a3.
    .macro WIDEN offset
    sext    a7, a6, 7
    srli    a8, a6, 8
    s16i    a7, a3, \offset
    sext    a8, a8, 7
    srai    a7, a6, 24
    s16i    a8, a3, \offset + 2
    srli    a6, a6, 16
    s16i    a7, a3, \offset + 6
    sext    a6, a6, 7
    s16i    a6, a3, \offset + 4
    .endm

    UPYML_HOT

// void upyml_pack_pairs(const int8_t *x, int32_t *words, int32_t pairs)
    .global upyml_pack_pairs
    .type upyml_pack_pairs, @function
    .align 4
upyml_pack_pairs:
    entry   a1, 32
    extui   a5, a2, 0, 2
    bnez    a5, 2f
    srli    a5, a4, 2
    loopnez a5, 1f
    l32i    a6, a2, 0
    WIDEN   0
    l32i    a6, a2, 4
    WIDEN   8
    addi    a2, a2, 8
    addi    a3, a3, 16
1:  extui   a4, a4, 0, 2
2:  loopnez a4, 3f
    l8ui    a6, a2, 0
    l8ui    a7, a2, 1
    addi    a2, a2, 2
    sext    a6, a6, 7
    sext    a7, a7, 7
    s16i    a6, a3, 0
    s16i    a7, a3, 2
    addi    a3, a3, 4
3:  retw
    .size upyml_pack_pairs, . - upyml_pack_pairs
