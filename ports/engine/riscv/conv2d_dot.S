// void upyml_conv2d_dot(const upyml_conv2d_line_dot *line)
// Four channels of a line of pixels: bias + the sum of x by expanded weights, requantized. See conv2d_dot.h.
//
// A word of x is (x[k + 1] << 16) + x[k], one of the weights (w[k] << 16) + w[k + 1]: the upper half of their product is
// w[k] * x[k] + w[k + 1] * x[k + 1], the lower half w[k + 1] * x[k], less than 2^15. So the product + 2^15, shifted down by
// 16, is the sum of two products: 4 instructions.
//
// Four channels by four pixels are all the accumulators that there are registers for: a word of each, 8 loads, makes 32
// products, 72 instructions. The last group of a line of four pixels or more ends with the line and makes some pixels a
// second time; in a shorter line the last pixel stands for those that there are not.
#include "conv2d_line.inc"

    .equ TURN, 6  // words a turn; the first turn of a segment starts where it makes it come out even
    .equ WORD_CODE, 184  // bytes

    .macro WORD place
    lw w0, 16 * \place(weights)
    lw w1, 16 * \place + 4(weights)
    lw w2, 16 * \place + 8(weights)
    lw w3, 16 * \place + 12(weights)
    PIXEL pixel0 \place s2 s3 s4 s5
    PIXEL pixel1 \place s6 s7 s8 s9
    PIXEL pixel2 \place s10 s11 t3 t4
    PIXEL pixel3 \place t5 t6 a6 a7
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_conv2d_dot
    .type upyml_conv2d_dot, %function
upyml_conv2d_dot:
    START_LINE
    lw t0, WORDS(a0)
    li t2, TURN
    addi t1, t0, -1
    remu t1, t1, t2
    sub t1, t2, t1
    addi t1, t1, -1  // words to leave out
    add t0, t0, t1
    slli a2, t1, 2
    lw a1, X(a0)
    sub a1, a1, a2
    sw a1, GROUP_X(sp)
    lw a1, SEGMENT_STEP(a0)
    slli a3, t0, 2
    sub a1, a1, a3
    sw a1, GAP(sp)
    slli a2, t1, 4
    sw a2, SKIPPED_WEIGHTS(sp)
    lw a1, WEIGHTS(a0)
    lw a3, SEGMENTS(a0)
    lw a4, WORDS(a0)
    mul a3, a3, a4
    slli a3, a3, 4
    add a3, a3, a1
    sw a3, END(sp)
    sub a1, a1, a2
    sw a1, FIRST_WEIGHTS(sp)
    slli t0, t0, 4
    sw t0, SEGMENT_WEIGHTS(sp)
    lla a1, turn
    li a2, WORD_CODE
    mul a2, a2, t1
    add a1, a1, a2
    sw a1, ENTRY(sp)

group:
    START_GROUP
    lw weights, FIRST_WEIGHTS(sp)
    j segment

next_segment:
    lw a4, GAP(sp)
    lw a5, SKIPPED_WEIGHTS(sp)
    add pixel0, pixel0, a4
    add pixel1, pixel1, a4
    add pixel2, pixel2, a4
    add pixel3, pixel3, a4
    sub weights, weights, a5
segment:
    lw a4, SEGMENT_WEIGHTS(sp)
    lw a5, ENTRY(sp)
    add a4, a4, weights
    sw a4, SEGMENT_END(sp)
    jr a5

turn:
    WORD 0
1:  WORD 1
    .set place, 2
    .rept TURN - 2
    WORD place
    .set place, place + 1
    .endr
    .if (1b - turn) - WORD_CODE
    .error "the code of a word is not of WORD_CODE bytes"
    .endif
    addi weights, weights, 16 * TURN
    addi pixel0, pixel0, 4 * TURN
    addi pixel1, pixel1, 4 * TURN
    addi pixel2, pixel2, 4 * TURN
    addi pixel3, pixel3, 4 * TURN
    lw a4, SEGMENT_END(sp)
    bne weights, a4, turn
    lw a4, END(sp)
    bne weights, a4, next_segment

    FINISH_GROUP
