// Convolution, one output channel for lines of pixels: 4 multiply-accumulates in 4 instructions; 14 more a pixel, 2 or 4 for
// each kernel row but the last, and 12 a line.
//
// MULA.DD.LDINC multiplies two halves of MR registers, adds to the accumulator and loads an MR register, all at once. A
// word of x is (x0, x1). Words of weights lie half a word later, as (..., w1), (w0, w3), (w2, w1'), (w0', w3'): with the
// products in the order 1, 0, 3, 2 each of them is the last one of a register, which is loaded anew on the spot and
// used three instructions later. An LX6 seems to wait for one that is used at the next but one. The last word of a pixel
// holds the first w1 again, so that its last products load what the next pixel begins with.
//
// Weights are 4 * w (expand_weights.S): the low word of the accumulator is what the requantization wants.
#include "conv2d_job.inc"
#include "hot.h"
#include "requantize.inc"

// a12: the word of weights that a pixel's first two follow.
    .macro LOAD_WEIGHTS
    mov     a15, a12
    ldinc   m2, a15
    ldinc   m3, a15
    addi    a12, a12, 4
    .endm

    .macro LOAD_X
    ldinc   m0, a3
    ldinc   m1, a3
    .endm

    .macro LOOP
    loopnez a11, 10f
    mula.dd.hh.ldinc m2, a15, m0, m2
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
10:
    .endm

// A run of k. The last four are beside the loop: there x goes on with the next run.
    .macro RUN
    LOOP
    mula.dd.hh.ldinc m2, a15, m0, m2
    add     a3, a3, a14
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
    .endm

// The same with the weights beginning anew.
    .macro LAST_RUN distance
    LOOP
    mula.dd.hh.ldinc m2, a15, m0, m2
    add     a3, a3, \distance
    mula.dd.ll.ldinc m0, a3, m0, m3
    mov     a15, a12
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
    .endm

    .macro RUNS_BEFORE_LAST
    l32i    a13, a1, MORE_RUNS
11: RUN
    addi    a13, a13, -1
    bnez    a13, 11b
    .endm

// The pixel's output at a4, and \again where there are more.
    .macro FINISH again
    rsr     a13, acclo
    REQUANTIZE a13, a2, a9, a10
    s8i     a13, a4, 0
    bne     a4, a6, \again
    .endm

    .macro NEXT again
    NEXT_LINE
    l32i    a13, a1, LINE_BYTES
    add     a6, a4, a13
    WHILE_LINES \again
    retw
    .endm

    UPYML_HOT

// void upyml_conv2d_pixels(const upyml_conv2d_job *, const upyml_conv2d_walk *)
    .global upyml_conv2d_pixels
    .type upyml_conv2d_pixels, @function
    .align 4
upyml_conv2d_pixels:
    entry   a1, 64
    LOAD_JOB
    LOAD_WALK
    LOAD_WEIGHTS
    mull    a6, a6, a5
    sub     a4, a4, a5              // it goes on before each output
    s32i    a6, a1, LINE_BYTES
    l32i    a13, a2, JOB_MORE_RUNS
    add     a6, a4, a6              // the last one's
    s32i    a13, a1, MORE_RUNS
    beqi    a13, 2, 5f
    bnez    a13, 3f
1:  LOAD_X
2:  wsr     a8, acclo
    LAST_RUN a7
    add     a4, a4, a5
    FINISH  2b
    NEXT    1b
3:  LOAD_X
4:  wsr     a8, acclo
    RUNS_BEFORE_LAST
    LAST_RUN a7
    add     a4, a4, a5
    FINISH  4b
    NEXT    3b
5:  LOAD_X
6:  wsr     a8, acclo
    RUN
    RUN
    add     a4, a4, a5              // here, that the loop after it begins on a word
    LAST_RUN a7
    FINISH  6b
    NEXT    5b
    .size upyml_conv2d_pixels, . - upyml_conv2d_pixels

// int32_t upyml_conv2d_sum(const upyml_conv2d_job *, const int32_t *x): one pixel's accumulator without the bias, modulo
// 2^32. Four times that has room in the 40 bits of the processor's.
    .global upyml_conv2d_sum
    .type upyml_conv2d_sum, @function
    .align 4
upyml_conv2d_sum:
    entry   a1, 48
    LOAD_JOB
    LOAD_X
    LOAD_WEIGHTS
    movi    a4, 0
    wsr     a4, acclo
    wsr     a4, acchi
    l32i    a13, a2, JOB_MORE_RUNS
    s32i    a13, a1, MORE_RUNS
    beqz    a13, 3f
    RUNS_BEFORE_LAST
3:  LAST_RUN a4
    rsr     a2, acclo
    rsr     a3, acchi
    ssai    2
    src     a2, a3, a2
    retw
    .size upyml_conv2d_sum, . - upyml_conv2d_sum
