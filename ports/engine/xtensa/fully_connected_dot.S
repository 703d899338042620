// Fully connected, straight from the file: four multiply-accumulates of one output channel in 8 instructions.
//
// A word of four weights, bytes w + 128 of k = 1, 3, 0, 2, is taken apart by `and 0x00ff00ff` into (k1, k0) and, eight bits
// higher, (k3, k2). What the 128 add, 128 times the sum of the inputs, is in the start value. x is loaded by the products;
// the word of weights one turn ahead. The last four k are beside the loop and load nothing.
//
// Seven would do: halves as they lie, 256 * w3 + (w1 + 128) once the sign's bit is turned, times x3, and the lower bytes
// times 256 * x1 - x3 make 256 times the sum. But where x1 is -128 that factor may leave 16 bits, and to move x out of its
// way takes the channel's sum of weights, which the file does not have.
#include "hot.h"

// \word holds four weights; the next four go to \next.
    .macro FOUR word, next, offset
    and     a13, \word, a8
    srli    \word, \word, 8
    l32i    \next, a10, \offset
    mula.da.hl m0, a13
    and     \word, \word, a8
    mula.da.lh.ldinc m0, a11, m0, a13
    mula.da.hl m1, \word
    mula.da.lh.ldinc m1, a11, m1, \word
    .endm

    UPYML_HOT

// void upyml_fully_connected_dot(const uint8_t *weights, const int32_t *x, int32_t quads, int32_t *accumulators,
//     int32_t channels): adds to `channels` accumulators of a block of four, of 4 * quads k. weights: on a word.
    .global upyml_fully_connected_dot
    .type upyml_fully_connected_dot, @function
    .align 4
upyml_fully_connected_dot:
    entry   a1, 32
    movi    a8, 0xff
    slli    a9, a8, 16
    or      a8, a8, a9          // 0x00ff00ff
    addi    a4, a4, -1
    srli    a9, a4, 2
    addi    a3, a3, -4
1:  mov     a10, a2
    mov     a11, a3
    l32i    a12, a10, 0
    ldinc   m0, a11
    l32i    a7, a5, 0
    ldinc   m1, a11
    wsr     a7, acclo
    loopnez a9, 2f
    FOUR    a12, a14, 16
    FOUR    a14, a12, 32
    FOUR    a12, a14, 48
    FOUR    a14, a12, 64
    addi    a10, a10, 64
2:  bbci    a4, 1, 3f
    FOUR    a12, a14, 16
    FOUR    a14, a12, 32
    addi    a10, a10, 32
3:  bbci    a4, 0, 4f
    FOUR    a12, a14, 16
    mov     a12, a14
4:  and     a13, a12, a8
    srli    a12, a12, 8
    mula.da.hl m0, a13
    and     a12, a12, a8
    mula.da.lh m0, a13
    mula.da.hl m1, a12
    mula.da.lh m1, a12
    addi    a2, a2, 4
    addi    a6, a6, -1
    rsr     a7, acclo
    s32i    a7, a5, 0
    addi    a5, a5, 4
    bnez    a6, 1b
    retw
    .size upyml_fully_connected_dot, . - upyml_fully_connected_dot
