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
#include "hot.h"
#include "registers.h"
#include "requantize_value.h"

    .option norelax

    // upyml_conv2d_line_dot
    .equ WEIGHTS, 0
    .equ X, 4
    .equ OUTPUT, 8
    .equ COUNT, 12
    .equ PIXEL_STEP, 16
    .equ OUT_STEP, 20
    .equ WORDS, 24
    .equ SEGMENTS, 28
    .equ SEGMENT_STEP, 32
    .equ BLOCK, 36
    .equ ACCUMULATORS, 40
    // upyml_conv2d_block
    .equ BIAS, 0
    .equ Q, 16

    // On the stack, behind the saved registers. Steps are from the first pixel of a group to the others and to the next
    // group.
    .equ LINE, SAVED
    .equ GROUP_X, SAVED + 4  // of the group's first pixel, less the words that the first turn leaves out
    .equ GROUP_OUTPUT, SAVED + 8
    .equ LEFT, SAVED + 12  // pixels from the group's first on
    .equ X_STEPS, SAVED + 16  // four
    .equ OUT_STEPS, SAVED + 32  // four
    .equ ENTRY, SAVED + 48  // into the first turn of a segment
    .equ SKIPPED_WEIGHTS, SAVED + 52  // bytes of them that the first turn leaves out
    .equ FIRST_WEIGHTS, SAVED + 56
    .equ SEGMENT_WEIGHTS, SAVED + 60  // bytes of a segment's, with those left out
    .equ SEGMENT_END, SAVED + 64  // in the weights
    .equ END, SAVED + 68  // of the weights
    .equ THE_BLOCK, SAVED + 72
    .equ KEPT, SAVED + 76  // ACCUMULATORS
    .equ GAP, SAVED + 80  // bytes of x from the end of a segment to where the next one's first turn starts
    .equ FRAME, 144

    .equ TURN, 6  // words a turn; the first turn of a segment starts where it makes it come out even
    .equ WORD_CODE, 184  // bytes

// The short instructions are for the registers s0, s1, a0 to a5.
#define pixel0 a0
#define pixel1 a1
#define pixel2 a2
#define pixel3 a3
#define x a4
#define product a5
#define weights s0
#define half s1
#define w0 t0
#define w1 t1
#define w2 t2
#define w3 ra

    .macro DOT accumulator weight
    mul product, \weight, x
    add product, product, half
    srai product, product, 16
    add \accumulator, \accumulator, product
    .endm

    .macro PIXEL pixel place accumulator0 accumulator1 accumulator2 accumulator3
    lw x, 4 * \place(\pixel)
    DOT \accumulator0 w0
    DOT \accumulator1 w1
    DOT \accumulator2 w2
    DOT \accumulator3 w3
    .endm

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

    // step * least(i, count - 1) for i = 1, 2, 3, and 4 * step. t0: count. Uses a4 to a7, t1
    .macro STEPS from to
    lw a4, \from(a0)
    li t1, 4
    slli a5, a4, 1
    add a6, a5, a4
    slli a7, a4, 2
    bgeu t0, t1, 2f
    addi t1, t0, -1
    mul t1, t1, a4
    .irp step, a4, a5, a6
    bleu \step, t1, 1f
    mv \step, t1
1:
    .endr
2:  sw a4, \to(sp)
    sw a5, \to + 4(sp)
    sw a6, \to + 8(sp)
    sw a7, \to + 12(sp)
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_conv2d_dot
    .type upyml_conv2d_dot, %function
upyml_conv2d_dot:
    SAVE FRAME
    sw a0, LINE(sp)
    lw t0, COUNT(a0)
    sw t0, LEFT(sp)
    STEPS PIXEL_STEP X_STEPS
    STEPS OUT_STEP OUT_STEPS
    lw a1, OUTPUT(a0)
    sw a1, GROUP_OUTPUT(sp)
    lw a1, BLOCK(a0)
    sw a1, THE_BLOCK(sp)
    lw a1, ACCUMULATORS(a0)
    sw a1, KEPT(sp)
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
    lw a5, THE_BLOCK(sp)
    lw s2, BIAS(a5)
    lw s3, BIAS + 4(a5)
    lw s4, BIAS + 8(a5)
    lw s5, BIAS + 12(a5)
    mv s6, s2
    mv s10, s2
    mv t5, s2
    mv s7, s3
    mv s11, s3
    mv t6, s3
    mv s8, s4
    mv t3, s4
    mv a6, s4
    mv s9, s5
    mv t4, s5
    mv a7, s5
    lw pixel0, GROUP_X(sp)
    lw pixel1, X_STEPS(sp)
    lw pixel2, X_STEPS + 4(sp)
    lw pixel3, X_STEPS + 8(sp)
    add pixel1, pixel1, pixel0
    add pixel2, pixel2, pixel0
    add pixel3, pixel3, pixel0
    lui half, 0x8
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

    lw a4, KEPT(sp)
    lw s0, THE_BLOCK(sp)
    bnez a4, keep
    lw a0, GROUP_OUTPUT(sp)
    lw a1, OUT_STEPS(sp)
    lw a2, OUT_STEPS + 4(sp)
    lw a3, OUT_STEPS + 8(sp)
    add a1, a1, a0
    add a2, a2, a0
    add a3, a3, a0
    lw s1, Q + Q_RANGE(s0)
    lw ra, Q + Q_LOW(s0)
    .macro CHANNEL i accumulator0 accumulator1 accumulator2 accumulator3
    lw t0, Q + Q_BYTES * \i + Q_MULTIPLIER(s0)
    lw t1, Q + Q_BYTES * \i + Q_OFFSET(s0)
    lw t2, Q + Q_BYTES * \i + Q_SHIFT(s0)
    lw a5, Q + Q_BYTES * \i + Q_BELOW(s0)
    .irp value, \accumulator0, \accumulator1, \accumulator2, \accumulator3
    slli \value, \value, 2
    .endr
    REQUANTIZE \accumulator0 t0 t1 t2 a5 s1 ra \i a0
    REQUANTIZE \accumulator1 t0 t1 t2 a5 s1 ra \i a1
    REQUANTIZE \accumulator2 t0 t1 t2 a5 s1 ra \i a2
    REQUANTIZE \accumulator3 t0 t1 t2 a5 s1 ra \i a3
    .endm
    CHANNEL 0 s2 s6 s10 t5
    CHANNEL 1 s3 s7 s11 t6
    CHANNEL 2 s4 s8 t3 a6
    CHANNEL 3 s5 s9 t4 a7

    lw t0, LEFT(sp)
    addi t0, t0, -4
    blez t0, done
    sw t0, LEFT(sp)
    lw a0, GROUP_X(sp)
    lw a1, GROUP_OUTPUT(sp)
    lw a4, X_STEPS + 12(sp)
    lw a5, OUT_STEPS + 12(sp)
    li t1, 4
    blt t0, t1, 2f
1:  add a0, a0, a4
    add a1, a1, a5
    sw a0, GROUP_X(sp)
    sw a1, GROUP_OUTPUT(sp)
    j group
2:  lw a3, LINE(sp)  // on to the last four
    lw a4, PIXEL_STEP(a3)
    lw a5, OUT_STEP(a3)
    mul a4, a4, t0
    mul a5, a5, t0
    j 1b

keep:
    .set place, 0
    .irp value, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6, a6, a7
    sw \value, place(a4)
    .set place, place + 4
    .endr
done:
    RESTORE_AND_RETURN FRAME
