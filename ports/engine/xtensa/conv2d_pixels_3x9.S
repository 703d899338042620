// Convolution with three kernel rows of 9, a 3x3 kernel on three channels, where filling each row up to 12 would cost a
// third: 45 instructions for 27 products.
//
// The products and words are those of conv2d_pixels.S, in the order 1, 0, 3, 2, 5, 4, 7, 6, 8. The ninth of a row and the
// next row's second one share a word of weights: the registers change places from row to row.
#include "conv2d_job.inc"
#include "hot.h"
#include "requantize.inc"

// x0 x1 in \xa, x2 x3 in \xb, the weights alike. \last: 1 where the registers' places are those of the next pixel.
    .macro ROW xa, xb, wa, wb, distance, last=0
    mula.dd.hh.ldinc \wa, a15, \xa, \wa
    mula.dd.ll.ldinc \xa, a3, \xa, \wb
    mula.dd.hh.ldinc \wb, a15, \xb, \wb
    mula.dd.ll.ldinc \xb, a3, \xb, \wa
    mula.dd.hh.ldinc \wa, a15, \xa, \wa
    mula.dd.ll.ldinc \xa, a3, \xa, \wb
    mula.dd.hh.ldinc \wb, a15, \xb, \wb
    add     a3, a3, \distance
    .if \last
    mov     a15, a12
    mula.dd.ll.ldinc \wa, a15, \xb, \wa
    mula.dd.ll.ldinc \xa, a3, \xa, \wb
    ldinc   \xb, a3
    .else
    mula.dd.ll.ldinc \xb, a3, \xb, \wa
    mula.dd.ll.ldinc \wa, a15, \xa, \wb
    ldinc   \xa, a3
    .endif
    .endm

    UPYML_HOT

// void upyml_conv2d_pixels_3x9(const upyml_conv2d_job *, const upyml_conv2d_walk *)
    .global upyml_conv2d_pixels_3x9
    .type upyml_conv2d_pixels_3x9, @function
    .align 4
upyml_conv2d_pixels_3x9:
    entry   a1, 64
    LOAD_JOB
    LOAD_WALK
    mov     a15, a12
    ldinc   m2, a15
1:  ldinc   m0, a3
    ldinc   m1, a3
    loop    a6, 2f
    ldinc   m3, a15
    wsr     a8, acclo
    ROW     m0, m1, m2, m3, a14
    ROW     m1, m0, m3, m2, a14
    ROW     m0, m1, m2, m3, a7, 1
    rsr     a13, acclo
    REQUANTIZE a13, a2, a9, a10
    s8i     a13, a4, 0
    add     a4, a4, a5
2:  NEXT_LINE
    WHILE_LINES 1b
    retw
    .size upyml_conv2d_pixels_3x9, . - upyml_conv2d_pixels_3x9
