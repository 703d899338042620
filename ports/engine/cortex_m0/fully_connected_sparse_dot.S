// void upyml_fully_connected_sparse_dot(group, end, x, accumulators)
// Adds to the accumulators of four channels what the groups of their block, as they lie in the file, from the first up to
// `end` make of x. group: on a word; there is at least one. 32 cycles a pair, 8 products, and 60 a block.
//
// x has two words for each pair of inputs: X = (x[k + 1] << 16) + x[k], and C = 0x00800080 X - 0x8000. A pair of weights
// w + 128 by X, less C, then has their sum of products in its upper half, see conv2d_line.S, and in the lower half what is
// not below 0: ASRS cuts it off and leaves nothing in the carry, so that a sum may be in any register.
//
// What makes up the 32 cycles: for each channel five, which are AND, MULS, SUBS, ASRS, ADD; for two of them a shift; 3.5
// to load 8 weights and half a word of places; 5.5 to find and load X and C; 1 for the loop.
// None of the five can go: the bias has to be taken off before the sum is cut, as two products of biased weights
// need 17 bits, and so do two pairs' sums. That is why pairs are not added before they are cut.
//
// void upyml_pack_sparse(pairs, x, count)
// Makes these two words of each X. `pairs` is the second half of x. count: at least 1. 8.5 cycles each.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .macro CHANNEL sum weights
    ands \weights, r5
    muls \weights, r6
    subs \weights, r7
    asrs \weights, #16
    add \sum, \weights
    .endm

    .macro TWO_CHANNELS even odd word
    lsrs r4, \word, #8
    CHANNEL \even \word
    CHANNEL \odd r4
    .endm

    // r6: place of a pair in x
    .macro PAIR
    add r6, r12
    ldm r6, {r6, r7}
    TWO_CHANNELS r8 r9 r2
    TWO_CHANNELS r10 r11 r3
    .endm

    // A place in the file is 4 * pair, in x it is 8 * pair.
    .macro GROUP
    ldm r0!, {r1-r3}
    adds r1, r1
    uxth r6, r1
    PAIR
    ldm r0!, {r2, r3}
    lsrs r6, r1, #16
    PAIR
    .endm

    UPYML_HOT
    .global upyml_fully_connected_sparse_dot
    .type upyml_fully_connected_sparse_dot, %function
    .thumb_func
upyml_fully_connected_sparse_dot:
    push {r3-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    mov lr, r1
    mov r12, r2
    ldm r3!, {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    ldr r5, =0x00ff00ff
    subs r1, r0
    lsls r1, #29  // groups are 20 bytes: an odd number of them is an odd number of words
    bmi second
first:
    GROUP
second:
    GROUP
    cmp r0, lr
    bne first
    ldr r3, [sp, #16]
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    stm r3!, {r4-r7}
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r3-r7, pc}

    .macro TWO_WORDS pair second
    movs \second, \pair
    muls \second, r7
    subs \second, r2
    .endm

    .global upyml_pack_sparse
    .type upyml_pack_sparse, %function
    .thumb_func
upyml_pack_sparse:
    push {r4-r7, lr}
    lsls r4, r2, #2
    adds r4, r0
    mov r12, r4  // end of the pairs
    ldr r7, =0x00800080
    movs r3, #1
    ands r3, r2
    movs r2, #1
    lsls r2, #15
    cmp r3, #0
    beq 2f
    ldm r0!, {r3}
    TWO_WORDS r3 r4
    stm r1!, {r3, r4}
    b 2f
1:  ldm r0!, {r3, r5}
    TWO_WORDS r3 r4
    TWO_WORDS r5 r6
    stm r1!, {r3-r6}
2:  cmp r0, r12
    bne 1b
    pop {r4-r7, pc}
    .ltorg
