// void upyml_expand_weights(weights, words, quads, runs, excess)
// A block's weights as they lie in the file, word-aligned, to words of two: for each two k one a channel,
// (w[k] << 16) + w[k + 1]. runs: kernel rows; quads: number of four k of each, at least 1; the words of the next run
// start `excess` bytes before the end of a run's. 2.6 cycles a weight, and 11 a run.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ RUNS, 4
    .equ EXCESS, 28

    // Two channels of four k: the bytes w + 128 of a word lie as k = 1, 3, 0, 2.
    .macro TWO_CHANNELS
    ldm r0!, {r4, r6}
    lsrs r5, r4, #8
    lsrs r7, r6, #8
    ands r4, r2
    ands r5, r2
    ands r6, r2
    ands r7, r2
    add r4, r12
    add r5, r12
    add r6, r12
    add r7, r12
    stm r1!, {r4, r6}
    stm r3!, {r5, r7}
    .endm

    // r1: where the first two k of the four go, r3: the other two.
    .macro QUAD
    TWO_CHANNELS
    TWO_CHANNELS
    adds r1, #16
    adds r3, #16
    .endm

    UPYML_HOT
    .global upyml_expand_weights
    .type upyml_expand_weights, %function
    .thumb_func
upyml_expand_weights:
    push {r3-r7, lr}
    mov r4, r8
    lsls r2, #4
    mov r8, r2  // bytes of a run in the file
    ldr r2, =-0x00800080
    mov r12, r2
    ldr r2, =0x00ff00ff
    push {r4}
    b first
run:
    str r3, [sp, #RUNS]
    ldr r3, [sp, #EXCESS]
    subs r1, r3
first:
    movs r3, r1
    adds r3, #16
    mov r4, r8
    adds r5, r4, r0
    mov lr, r5  // the run's end
    lsls r4, #28  // to the carry: is the number of quads odd?
    bcs 2f
1:  QUAD
2:  QUAD
    cmp r0, lr
    bne 1b
    ldr r3, [sp, #RUNS]
    subs r3, #1
    bne run
    pop {r4}
    mov r8, r4
    pop {r3-r7, pc}
    .ltorg
