// void upyml_fully_connected_dots(weights, x, quads, accumulators, pairs, block_bytes)
// Adds the sum of x, packed pairs (x[k + 1] << 16) + x[k], by the weights of 2 * pairs channels to their accumulators.
// weights: as they lie in the file, on a word, from a block's first channel and a k on that is a multiple of four;
// block_bytes: from there to the same k of the next block. quads: number of four k, at least 1. pairs: at least 1.
// 4.1 cycles a weight and 30 a pair of channels. How is told in conv2d_line.S.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 4  // quads a turn; the first turn starts at the quad that makes it come out even
    .equ QUAD_CODE, 54  // bytes
    // on the stack
    .equ X, 0
    .equ STEP, 4
    .equ TWO_STEPS, 8
    .equ PAIRS, 48
    .equ BLOCK_BYTES, 52

    // The bytes w + 128 of a word lie as k = 1, 3, 0, 2: two masks make two pairs (w[k] << 16) + w[k + 1].
    .macro FOUR accumulator
    lsrs r4, r2, #8
    ands r2, r5
    add r2, r8
    muls r2, r1
    asrs r2, #16
    adcs \accumulator, r2
    ands r4, r5
    add r4, r8
    muls r4, r3
    asrs r4, #16
    adcs \accumulator, r4
    .endm

    UPYML_HOT
    .global upyml_fully_connected_dots
    .type upyml_fully_connected_dots, %function
    .thumb_func
upyml_fully_connected_dots:
    SAVE_REGISTERS
    sub sp, #12
    mov r11, r3
    ldr r4, [sp, #PAIRS]
    lsls r4, #3
    adds r4, r3
    mov lr, r4  // end of the accumulators
    lsls r7, r2, #3
    adds r7, r1
    mov r10, r7  // end of x
    negs r4, r2
    movs r5, #TURN - 1
    ands r4, r5  // quads of the first turn to leave out
    adds r2, r4
    lsls r5, r4, #4
    subs r0, r5
    lsls r5, r4, #3
    subs r1, r5
    str r1, [sp, #X]
    movs r5, #QUAD_CODE
    muls r4, r5
    mov r9, r4
    // From a pair's last weight to the next pair's first: in a block, to the next block, in turns.
    lsls r2, #4
    ldr r4, [sp, #BLOCK_BYTES]
    subs r4, r2
    subs r4, r2
    str r4, [sp, #TWO_STEPS]
    movs r4, #8
    subs r4, r2
    str r4, [sp, #STEP]
    ldr r5, =-0x00800080
    mov r8, r5
    ldr r5, =0x00ff00ff
pair:
    ldr r4, [sp, #X]
    mov r12, r4
    mov r3, r11
    ldm r3!, {r6, r7}
    add pc, r9  // counts from 4 bytes on
    nop
turn:
    .set quad, 0
    .rept TURN
    mov r4, r12
    ldr r1, [r4, #8 * quad]
    ldr r3, [r4, #8 * quad + 4]
    ldr r2, [r0, #16 * quad]
    FOUR r6
    ldr r2, [r0, #16 * quad + 4]
    FOUR r7
    .set quad, quad + 1
    .endr
    adds r0, #16 * TURN
    movs r4, #8 * TURN
    add r12, r4
    cmp r12, r10
    bne turn
    mov r3, r11
    stm r3!, {r6, r7}
    mov r11, r3
    ldr r1, [sp, #STEP]
    adds r0, r1
    ldr r2, [sp, #TWO_STEPS]
    subs r2, r1
    str r2, [sp, #STEP]
    cmp r11, lr
    beq done
    b pair
done:
    add sp, #12
    pop {r0-r3}
    mov r8, r0
    mov r9, r1
    mov r10, r2
    mov r11, r3
    pop {r4-r7, pc}
    .ltorg
