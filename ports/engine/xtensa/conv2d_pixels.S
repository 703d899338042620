// Convolution, one output channel for a line of pixels: 4 multiply-accumulates in 4 instructions, 16 more a pixel, and 4 for
// each kernel row but the last; 2 where there are three.
//
// MULA.DD.LDINC multiplies two halves of MR registers, adds to the accumulator and loads an MR register, all at once. A
// word of x is (x0, x1). Words of weights lie half a word later, as (..., w1), (w0, w3), (w2, w1'), (w0', w3'): with the
// products in the order 1, 0, 3, 2 each of them is the last one of a register, which is loaded anew on the spot and
// used three instructions later. An LX6 seems to wait for one that is used at the next but one.
//
// Weights are 4 * w (expand_weights.S): the low word of the accumulator is what the requantization wants.
#include "conv2d_job.inc"
#include "hot.h"
#include "requantize.inc"

    .macro LOAD_WEIGHTS
    mov     a15, a12
    ldinc   m2, a15
    ldinc   m3, a15
    .endm

    .macro LOAD_X
    ldinc   m0, a3
    ldinc   m1, a3
    .endm

// A run of k. The last four are beside the loop: there x goes on with the next run, \distance bytes further.
    .macro RUN distance
    loopnez a11, 10f
    mula.dd.hh.ldinc m2, a15, m0, m2
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
10: mula.dd.hh.ldinc m2, a15, m0, m2
    add     a3, a3, \distance
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
    .endm

    .macro RUNS_BEFORE_LAST
    mov     a13, a2
11: RUN     a14
    addi    a13, a13, -1
    bnez    a13, 11b
    .endm

// The pixel's output, and \again where there are more.
    .macro FINISH again
    rsr     a13, acclo
    REQUANTIZE a13, a15, a9, a10
    s8i     a13, a4, 0
    add     a4, a4, a5
    bne     a4, a6, \again
    .endm

    UPYML_HOT

// void upyml_conv2d_pixels(const upyml_conv2d_job *, const int32_t *x, int8_t *output, int32_t out_step, const int8_t *end,
//     int32_t back)
    .global upyml_conv2d_pixels
    .type upyml_conv2d_pixels, @function
    .align 4
upyml_conv2d_pixels:
    entry   a1, 48
    LOAD_JOB
    l32i    a2, a2, JOB_MORE_RUNS
    LOAD_X
    beqi    a2, 2, 3f
    bnez    a2, 2f
1:  LOAD_WEIGHTS
    wsr     a8, acclo
    RUN     a7
    FINISH  1b
    retw
2:  LOAD_WEIGHTS
    wsr     a8, acclo
    RUNS_BEFORE_LAST
    RUN     a7
    FINISH  2b
    retw
3:  LOAD_WEIGHTS
    wsr     a8, acclo
    RUN     a14
    RUN     a14
    RUN     a7
    FINISH  3b
    retw
    .size upyml_conv2d_pixels, . - upyml_conv2d_pixels

// int32_t upyml_conv2d_sum(const upyml_conv2d_job *, const int32_t *x): one pixel's accumulator without the bias, modulo
// 2^32. Four times that has room in the 40 bits of the processor's.
    .global upyml_conv2d_sum
    .type upyml_conv2d_sum, @function
    .align 4
upyml_conv2d_sum:
    entry   a1, 32
    LOAD_JOB
    l32i    a2, a2, JOB_MORE_RUNS
    LOAD_X
    LOAD_WEIGHTS
    movi    a13, 0
    wsr     a13, acclo
    wsr     a13, acchi
    beqz    a2, 3f
    RUNS_BEFORE_LAST
3:  RUN     a13
    rsr     a2, acclo
    rsr     a3, acchi
    ssai    2
    src     a2, a3, a2
    retw
    .size upyml_conv2d_sum, . - upyml_conv2d_sum
