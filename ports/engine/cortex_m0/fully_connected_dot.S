// void upyml_fully_connected_dot(weights, x, quads, accumulators)
// Adds the sum of x, packed pairs (x[k + 1] << 16) + x[k], by the weights of two channels to their two accumulators:
// weights as they lie in the file, on a word. quads: number of four k, at least 1. 4.1 cycles a weight.
// How is told in conv2d_dot.S.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 4  // quads a turn; the first turn starts at the quad that makes it come out even
    .equ QUAD_CODE, 54  // bytes

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
    .global upyml_fully_connected_dot
    .type upyml_fully_connected_dot, %function
    .thumb_func
upyml_fully_connected_dot:
    push {r3-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    push {r4-r6}
    negs r4, r2
    movs r5, #TURN - 1
    ands r4, r5  // quads of the first turn to leave out
    lsls r5, r4, #4
    subs r0, r5
    lsls r5, r4, #3
    lsls r2, #3
    adds r2, r1
    mov r10, r2  // end of x
    subs r1, r5
    mov r12, r1
    movs r5, #QUAD_CODE
    muls r4, r5
    mov r9, r4
    ldr r5, =-0x00800080
    mov r8, r5
    ldr r5, =0x00ff00ff
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
    pop {r0-r3}
    mov r8, r0
    mov r9, r1
    mov r10, r2
    stm r3!, {r6, r7}
    pop {r4-r7, pc}
    .ltorg
