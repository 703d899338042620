// void upyml_expand_weights(weights, words, quads)
// A block's weights as they lie in the file, word-aligned, to words of two: for each two k one a channel,
// (w[k] << 16) + w[k + 1]. quads: number of four k, at least 1. 2.75 cycles a weight.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // Two channels of four k: the bytes w + 128 of a word lie as k = 1, 3, 0, 2.
    .macro TWO_CHANNELS
    ldm r0!, {r4, r6}
    lsrs r5, r4, #8
    lsrs r7, r6, #8
    ands r4, r2
    ands r5, r2
    ands r6, r2
    ands r7, r2
    subs r4, r3
    subs r5, r3
    subs r6, r3
    subs r7, r3
    stm r1!, {r4, r6}
    str r5, [r1, #8]
    str r7, [r1, #12]
    .endm

    UPYML_HOT
    .global upyml_expand_weights
    .type upyml_expand_weights, %function
    .thumb_func
upyml_expand_weights:
    push {r4-r7, lr}
    lsls r2, #4
    adds r2, r0
    mov r12, r2
    ldr r2, =0x00ff00ff
    ldr r3, =0x00800080
1:  TWO_CHANNELS
    TWO_CHANNELS
    adds r1, #16
    cmp r0, r12
    bne 1b
    pop {r4-r7, pc}
    .ltorg
