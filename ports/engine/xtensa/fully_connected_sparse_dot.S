// Fully connected, sparse weights straight from the file (weights_sparse.h): the pairs of x that a block of four channels
// has are copied one after another, 14 instructions for two; then each channel takes 9 or 11 for four multiply-accumulates.
//
// A word has bytes w + 128 of two channels: `and 0x00ff00ff` takes the first one's pair, k + 1 and k, and after a shift by
// eight bits the second one's. What the 128 add, 128 times the sum of what was copied, is in the start value.
#include "hot.h"

    UPYML_HOT

// int32_t upyml_fully_connected_gather(const uint8_t *groups, const int32_t *x, int32_t count, int32_t *to): the pairs of x of
// `count` groups, at any even address; answers the sum of their values.
    .global upyml_fully_connected_gather
    .type upyml_fully_connected_gather, @function
    .align 4
upyml_fully_connected_gather:
    entry   a1, 32
    movi    a10, 0
    wsr     a10, acclo
    movi    a10, 1
    loopnez a4, 1f
    l16ui   a6, a2, 0
    l16ui   a7, a2, 2
    add     a6, a6, a3
    add     a7, a7, a3
    l32i    a6, a6, 0
    l32i    a7, a7, 0
    addi    a2, a2, 20
    s32i    a6, a5, 0
    mula.aa.ll a6, a10
    mula.aa.hl a6, a10
    s32i    a7, a5, 4
    mula.aa.ll a7, a10
    mula.aa.hl a7, a10
    addi    a5, a5, 8
1:  rsr     a2, acclo
    retw
    .size upyml_fully_connected_gather, . - upyml_fully_connected_gather

    .macro START
    mov     a10, a2
    mov     a11, a3
    ldinc   m0, a11
    l32i    a7, a5, 0
    ldinc   m1, a11
    wsr     a7, acclo
    .endm

// Two pairs of one channel, to which the words are shifted; the pairs of x after the next are loaded.
    .macro GROUP shift
    l32i    a12, a10, 4
    l32i    a13, a10, 12
    .if \shift
    srli    a12, a12, \shift
    srli    a13, a13, \shift
    .endif
    and     a12, a12, a8
    and     a13, a13, a8
    mula.da.hl m0, a12
    mula.da.lh.ldinc m0, a11, m0, a12
    mula.da.hl m1, a13
    mula.da.lh.ldinc m1, a11, m1, a13
    addi    a10, a10, 20
    .endm

    .macro FINISH
    rsr     a7, acclo
    s32i    a7, a5, 0
    addi    a5, a5, 4
    .endm

// void upyml_fully_connected_sparse_dot(const uint8_t *groups, const int32_t *x, int32_t count, int32_t *accumulators): adds to
// the block's accumulators. groups: on a word; x: of these groups, and two words more that may be read.
    .global upyml_fully_connected_sparse_dot
    .type upyml_fully_connected_sparse_dot, @function
    .align 4
upyml_fully_connected_sparse_dot:
    entry   a1, 32
    movi    a8, 0xff
    slli    a9, a8, 16
    or      a8, a8, a9          // 0x00ff00ff
    addi    a3, a3, -4
    movi    a6, 2
1:  START
    loopnez a4, 2f
    GROUP   0
2:  FINISH
    START
    loopnez a4, 3f
    GROUP   8
3:  FINISH
    addi    a2, a2, 4
    addi    a6, a6, -1
    bnez    a6, 1b
    retw
    .size upyml_fully_connected_sparse_dot, . - upyml_fully_connected_sparse_dot
