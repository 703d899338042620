// Depthwise 3x3, one channel: the loops walk down two columns, A and B, a word (x, x + 1) of each at a time. Two outputs
// side by side take 38 instructions, single ones 19. Weights stay in registers, loads are parts of the products:
//
//     m2 = w01:w00    m3 = w11:w10    a12 = w21:w20    a13 = w12:w02    a15 = w22 (upper half : lower half)
//     m0 = a word of A, m1 = the word of B beside it
#include "hot.h"
#include "requantize.inc"

// Fields of upyml_depthwise_job.
#define JOB_COLUMN 20
#define JOB_OUTPUT 24
#define JOB_COLUMN_BYTES 28
#define JOB_COLUMNS 32
#define JOB_ROWS 36
#define JOB_OUT_C 40
#define JOB_ROW_BYTES 44
#define JOB_BIAS 48
#define JOB_MULTIPLIER 52
#define JOB_OFFSET 56
#define JOB_SHIFT 60

    .macro BEGIN
    entry   a1, 48
    mov     a11, a2
    addi    a3, a2, -4
    ldinc   m2, a3
    ldinc   m3, a3
    l32i    a12, a2, 8
    l32i    a13, a2, 12
    l32i    a15, a2, 16
    l32i    a8, a2, JOB_BIAS
    l32i    a9, a2, JOB_MULTIPLIER
    l32i    a10, a2, JOB_OFFSET
    l32i    a3, a2, JOB_SHIFT
    ssr     a3
    .endm

    .macro BEGIN_COLUMN
    l32i    a3, a11, JOB_COLUMN
    l32i    a4, a11, JOB_COLUMN_BYTES
    l32i    a5, a11, JOB_OUTPUT
    add     a4, a4, a3
    s32i    a4, a11, JOB_COLUMN     // the next one
    addi    a3, a3, -4
    addi    a4, a4, -4
    ldinc   m0, a3
    ldinc   m1, a4
    l32i    a14, a11, JOB_ROWS
    .endm

// a2: bytes to the next column's.
    .macro NEXT_COLUMN again
    l32i    a14, a11, JOB_COLUMNS
    l32i    a5, a11, JOB_OUTPUT
    addi    a14, a14, -1
    add     a5, a5, a2
    s32i    a14, a11, JOB_COLUMNS
    s32i    a5, a11, JOB_OUTPUT
    bnez    a14, \again
    .endm

// Kernel rows 0 and 1 of an output of columns 0 to 2; the words of the third row are loaded.
    .macro TWO_ROWS
    wsr     a8, acclo
    mula.dd.ll m0, m2
    mula.dd.hh.ldinc m0, a3, m0, m2
    mula.da.ll.ldinc m1, a4, m1, a13
    mula.dd.ll m0, m3
    mula.dd.hh.ldinc m0, a3, m0, m3
    mula.da.lh.ldinc m1, a4, m1, a13
    .endm

    .macro OUTPUT step
    REQUANTIZE a14, a2, a9, a10
    s8i     a14, a5, 0
    add     a5, a5, \step
    .endm

    UPYML_HOT

    .global upyml_depthwise_3x3_two
    .type upyml_depthwise_3x3_two, @function
    .align 4
upyml_depthwise_3x3_two:
    BEGIN
    l32i    a6, a11, JOB_OUT_C
    l32i    a7, a11, JOB_ROW_BYTES
    sub     a7, a7, a6
1:  BEGIN_COLUMN
    loop    a14, 2f
    TWO_ROWS
    mula.da.ll m0, a12
    mula.da.hh m0, a12
    mula.da.ll m1, a15
    rsr     a14, acclo
    wsr     a8, acclo               // columns 1 to 3, upwards
    mula.da.hl.lddec m0, a3, m0, a12
    mula.da.lh m1, a12
    mula.da.hl.lddec m1, a4, m1, a15
    mula.dd.hl.lddec m0, a3, m0, m3
    mula.dd.lh m1, m3
    mula.da.hh.lddec m1, a4, m1, a13
    mula.dd.hl.ldinc m0, a3, m0, m2
    mula.dd.lh m1, m2
    mula.da.hl.ldinc m1, a4, m1, a13
    OUTPUT  a6
    rsr     a14, acclo
    OUTPUT  a7
2:  add     a2, a6, a6
    NEXT_COLUMN 1b
    retw
    .size upyml_depthwise_3x3_two, . - upyml_depthwise_3x3_two

    .global upyml_depthwise_3x3_one
    .type upyml_depthwise_3x3_one, @function
    .align 4
upyml_depthwise_3x3_one:
    BEGIN
    l32i    a6, a11, JOB_OUT_C
    l32i    a7, a11, JOB_ROW_BYTES
1:  BEGIN_COLUMN
    loop    a14, 2f
    TWO_ROWS
    mula.da.ll m0, a12
    mula.da.hh.lddec m0, a3, m0, a12    // back to what is the next output's first row
    mula.da.ll.lddec m1, a4, m1, a15
    rsr     a14, acclo
    OUTPUT  a7
2:  mov     a2, a6
    NEXT_COLUMN 1b
    retw
    .size upyml_depthwise_3x3_one, . - upyml_depthwise_3x3_one

    .global upyml_depthwise_3x3_stride_2
    .type upyml_depthwise_3x3_stride_2, @function
    .align 4
upyml_depthwise_3x3_stride_2:
    BEGIN
    l32i    a6, a11, JOB_OUT_C
    l32i    a7, a11, JOB_ROW_BYTES
1:  BEGIN_COLUMN
    loop    a14, 2f
    TWO_ROWS
    mula.da.ll m0, a12
    mula.da.hh m0, a12
    mula.da.ll m1, a15
    rsr     a14, acclo
    OUTPUT  a7
2:  mov     a2, a6
    NEXT_COLUMN 1b
    retw
    .size upyml_depthwise_3x3_stride_2, . - upyml_depthwise_3x3_stride_2
