// Convolution with sparse weights, a block of up to four output channels for a line of pixels. The pairs of x that the block
// has are copied one after another, 10 instructions for two; then each channel goes along them as conv2d_pixels.S does, 4
// multiply-accumulates in 4 instructions. 18 more for each channel of a pixel, 16 for a pixel.
//
// The weights of the channels are one stream: where one ends the next one's are loaded already, and x anew.
#include "hot.h"
#include "requantize.inc"

// Fields of upyml_conv2d_sparse_line.
#define WEIGHTS 0
#define PLACES 4
#define GROUPS 8
#define COPY 12
#define BACK 16
#define COUNT 20
#define PIXEL_STEP 24
#define OUT_STEP 28
#define JOBS_END 32
#define JOBS 36
// and of one of its jobs
#define BIAS 0
#define MULTIPLIER 4
#define OFFSET 8
#define SHIFT 12

    UPYML_HOT

// void upyml_conv2d_sparse_pixels(upyml_conv2d_sparse_line *line, const int32_t *x, int8_t *output)
    .global upyml_conv2d_sparse_pixels
    .type upyml_conv2d_sparse_pixels, @function
    .align 4
upyml_conv2d_sparse_pixels:
    entry   a1, 48
    mov     a5, a3
    l32i    a7, a2, BACK
    l32i    a11, a2, GROUPS
    l32i    a12, a2, JOBS_END
    addi    a11, a11, -1
1:  l32i    a13, a2, PLACES
    l32i    a10, a2, COPY
    addi    a8, a11, 1
    addi    a3, a10, -4         // LDINC counts first
    loop    a8, 2f
    l16ui   a9, a13, 0
    l16ui   a14, a13, 2
    addx4   a9, a9, a5
    addx4   a14, a14, a5
    l32i    a9, a9, 0
    l32i    a14, a14, 0
    addi    a13, a13, 4
    s32i    a9, a10, 0
    s32i    a14, a10, 4
    addi    a10, a10, 8
2:  l32i    a15, a2, WEIGHTS
    ldinc   m0, a3
    ldinc   m1, a3
    ldinc   m2, a15
    ldinc   m3, a15
    addi    a14, a2, JOBS
3:  l32i    a8, a14, BIAS
    l32i    a13, a14, SHIFT
    l32i    a9, a14, MULTIPLIER
    l32i    a10, a14, OFFSET
    wsr     a8, acclo
    ssr     a13
    loopnez a11, 4f
    mula.dd.hh.ldinc m2, a15, m0, m2
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
4:  mula.dd.hh.ldinc m2, a15, m0, m2
    add     a3, a3, a7
    mula.dd.ll.ldinc m0, a3, m0, m3
    mula.dd.hh.ldinc m3, a15, m1, m3
    mula.dd.ll.ldinc m1, a3, m1, m2
    addi    a14, a14, 16
    rsr     a13, acclo
    REQUANTIZE a13, a6, a9, a10
    s8i     a13, a4, 0
    addi    a4, a4, 1
    bne     a14, a12, 3b
    l32i    a13, a2, COUNT
    l32i    a9, a2, PIXEL_STEP
    l32i    a10, a2, OUT_STEP
    addi    a13, a13, -1
    add     a5, a5, a9
    add     a4, a4, a10
    s32i    a13, a2, COUNT
    bnez    a13, 1b
    retw
    .size upyml_conv2d_sparse_pixels, . - upyml_conv2d_sparse_pixels
