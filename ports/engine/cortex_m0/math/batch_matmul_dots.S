// void upyml_batch_matmul_dots(columns, row, pairs, accumulators, blocks)
// Adds the sums of a packed row by each of 4 * blocks packed columns to their accumulators. row: words
// (x[k + 1] << 16) + x[k]; columns: of a block of four for each such pair of k four words (w[k] << 16) + w[k + 1]. pairs and
// blocks: at least 1. 21 cycles a pair for the four columns, 6 more each 8 pairs, 40 a block. How is told in
// ../conv2d_line.S; why pairs of products have room in 16 bits, in batch_matmul_s8.c.
#include "../hot.h"
#include "../registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 8  // pairs a turn; the first turn starts at the pair that makes it come out even
    .equ PAIR_CODE, 5  // 32 bytes
    .equ BLOCKS, 36  // on the stack

    .macro DOT accumulator column
    muls \column, r1
    asrs \column, #16
    adcs \accumulator, \column
    .endm

    UPYML_HOT
    .global upyml_batch_matmul_dots
    .type upyml_batch_matmul_dots, %function
    .thumb_func
upyml_batch_matmul_dots:
    SAVE_REGISTERS
    mov r11, r3
    ldr r4, [sp, #BLOCKS]
    lsls r4, #4
    adds r4, r3
    mov lr, r4  // end of the accumulators
    lsls r4, r2, #2
    adds r4, r1
    mov r10, r4  // end of the row
    negs r4, r2
    movs r5, #TURN - 1
    ands r4, r5  // pairs of the first turn to leave out
    lsls r5, r4, #2
    subs r1, r5
    mov r8, r1
    lsls r4, #PAIR_CODE
    mov r9, r4
block:
    mov r12, r8
    mov r3, r11
    ldm r3!, {r4-r7}
    add pc, r9  // counts from 4 bytes on
    nop
turn:
    .set pair, 0
    .rept TURN
    mov r1, r12
    ldr r1, [r1, #4 * pair]
    ldm r0!, {r2, r3}
    DOT r4 r2
    DOT r5 r3
    ldm r0!, {r2, r3}
    DOT r6 r2
    DOT r7 r3
    .set pair, pair + 1
    .endr
    movs r1, #4 * TURN
    add r12, r1
    cmp r12, r10
    beq 1f
    b turn
1:  mov r3, r11
    stm r3!, {r4-r7}
    mov r11, r3
    cmp r3, lr
    beq 2f
    b block
2:  RESTORE_REGISTERS
