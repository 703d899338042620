// Fully connected, weights of four bits straight from the file: eight multiply-accumulates of one output channel in 16
// instructions.
//
// `and 0x000f000f` takes a pair of a word, nibbles w + 8 of k + 1 and k, and after a shift by four bits the next one. What
// the 8 add, 8 times the sum of the inputs, is in the start value. x is loaded by the products; the word of weights one turn
// ahead. The last eight k are beside the loop and load no weights.
#include "hot.h"

    .macro PAIR mr, word
    and     a13, \word, a8
    srli    \word, \word, 4
    mula.da.hl \mr, a13
    mula.da.lh.ldinc \mr, a11, \mr, a13
    .endm

// \word holds eight weights; the next eight go to \next.
    .macro EIGHT word, next, offset
    l32i    \next, a10, \offset
    PAIR    m0, \word
    PAIR    m1, \word
    PAIR    m0, \word
    and     a13, \word, a8
    mula.da.hl m1, a13
    mula.da.lh.ldinc m1, a11, m1, a13
    .endm

    UPYML_HOT

// void upyml_fully_connected_int4_dot(const uint8_t *weights, const int32_t *x, int32_t groups, int32_t *accumulators,
//     int32_t channels): adds to `channels` accumulators of a block of four, of 8 * groups k. weights: on a word. groups: at
// least 1.
    .global upyml_fully_connected_int4_dot
    .type upyml_fully_connected_int4_dot, @function
    .align 4
upyml_fully_connected_int4_dot:
    entry   a1, 32
    movi    a8, 0x0f
    slli    a9, a8, 16
    or      a8, a8, a9          // 0x000f000f
    addi    a4, a4, -1
    srli    a9, a4, 1
    extui   a4, a4, 0, 1
    addi    a3, a3, -4
1:  mov     a10, a2
    mov     a11, a3
    l32i    a12, a10, 0
    ldinc   m0, a11
    l32i    a7, a5, 0
    ldinc   m1, a11
    wsr     a7, acclo
    loopnez a9, 2f
    EIGHT   a12, a14, 16
    EIGHT   a14, a12, 32
    addi    a10, a10, 32
2:  beqz    a4, 3f
    EIGHT   a12, a14, 16
    mov     a12, a14
3:  PAIR    m0, a12
    PAIR    m1, a12
    and     a13, a12, a8
    srli    a12, a12, 4
    mula.da.hl m0, a13
    mula.da.lh m0, a13
    and     a12, a12, a8
    mula.da.hl m1, a12
    mula.da.lh m1, a12
    addi    a2, a2, 4
    addi    a6, a6, -1
    rsr     a7, acclo
    s32i    a7, a5, 0
    addi    a5, a5, 4
    bnez    a6, 1b
    retw
    .size upyml_fully_connected_int4_dot, . - upyml_fully_connected_int4_dot
