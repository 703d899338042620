// void upyml_fully_connected_int4_dots(weights, x, groups, accumulators, blocks, block_bytes)
// Adds the sums of x by weights of four bits to the accumulators of `blocks` blocks of four channels. weights: on a word, as
// they lie in the file, from a block's first channel and a k on that is a multiple of eight; block_bytes: from there to the
// same k of the next block. groups: number of eight k, at least 1. blocks: at least 1.
// 2.5 cycles a weight in whole chunks and 25 a block.
//
// x comes in chunks of up to 32 inputs, 16 pairs X = (x[k + 1] << 16) + x[k], of which the first one is the short one. A
// word V of the file has eight nibbles w + 8, of which n[j] = V >> 4 * j & 0x000f000f is a pair (w[k] + 8 << 16) +
// w[k + 1] + 8. All sums are taken modulo 2^32:
// - Sixteen products of pairs are added before the upper half is taken, see conv2d_line.S: with |w| <= 7 it is at most
//   16 * 2 * 7 * 128 = 28672 in size, and the lower half 14336. (A nibble of 0, which no weight is, means -8: then
//   all of 32 weights by inputs of -128 would be one too many.)
// - The 8 are made up for once a chunk, by its first word: -0x00080008 times the sum of its pairs.
// - V itself is n[0] + 16 n[1] + 256 n[2] + 4096 n[3]. So n[0] need not be cut out of it: with Y[0] = X[0] and
//   Y[j] = X[j] - 16^j X[0], V Y[0] + n[1] Y[1] + n[2] Y[2] + n[3] Y[3] is the sum of n[j] X[j]. A chunk has these Y.
//
// uint32_t upyml_pack_int4(x, groups)
// Makes these Y of each four pairs X, in their place; answers the sum of all X. groups: at least 1. 23 cycles each.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // on the stack
    .equ WEIGHTS_END, 0  // of this block
    .equ FIRST, 4  // where in the code the first chunk starts
    .equ X, 8
    .equ NEXT_BLOCK, 12  // bytes from a block's last weight to the next block's first one
    .equ BLOCK_WEIGHTS, 16  // bytes
    .equ LEFT, 20  // blocks
    .equ FRAME, 24
    .equ BLOCKS, FRAME + 36
    .equ BLOCK_BYTES, FRAME + 40

    .macro NIBBLES shift by channel
    lsrs r2, r1, #\shift
    ands r2, r3
    muls r2, \by
    add \channel, r2
    .endm

    .macro EIGHT channel
    ldm r0!, {r1}
    NIBBLES 4 r5 \channel
    NIBBLES 8 r6 \channel
    NIBBLES 12 r7 \channel
    muls r1, r4
    add \channel, r1
    .endm

    .macro GROUP
    ldm r1!, {r4-r7}
    mov r12, r1
    EIGHT r8
    EIGHT r9
    EIGHT r10
    EIGHT r11
    .endm

    .macro UPPER channel accumulator
    mov r2, \channel
    asrs r2, #16
    adcs \accumulator, r2
    .endm

    UPYML_HOT
    .global upyml_fully_connected_int4_dots
    .type upyml_fully_connected_int4_dots, %function
    .thumb_func
upyml_fully_connected_int4_dots:
    SAVE_REGISTERS
    sub sp, #FRAME
    mov lr, r3
    str r1, [sp, #X]
    lsls r4, r2, #4
    str r4, [sp, #BLOCK_WEIGHTS]
    ldr r5, [sp, #BLOCK_BYTES]
    subs r5, r4
    str r5, [sp, #NEXT_BLOCK]
    ldr r5, [sp, #BLOCKS]
    str r5, [sp, #LEFT]
    adr r4, places
    lsls r2, #30
    lsrs r2, #28  // four bytes for each group of the first chunk, 0 for four
    ldr r5, [r4, r2]
    adds r4, r5
    str r4, [sp, #FIRST]
    ldr r3, =0x000f000f
block:
    ldr r1, [sp, #BLOCK_WEIGHTS]
    adds r1, r0
    str r1, [sp, #WEIGHTS_END]
    ldr r1, [sp, #X]
    ldm r1!, {r2}
    mov r8, r2
    mov r9, r2
    mov r10, r2
    mov r11, r2
    ldr r2, [sp, #FIRST]
    mov pc, r2

    .balign 4
places:
    .word four - places, one - places, two - places, three - places

    .balign 4
chunk:
    mov r1, r12
    ldm r1!, {r2}
    mov r8, r2
    mov r9, r2
    mov r10, r2
    mov r11, r2
four:
    GROUP
    mov r1, r12
three:
    GROUP
    mov r1, r12
two:
    GROUP
    mov r1, r12
one:
    GROUP
    mov r1, lr
    ldm r1!, {r4-r7}
    UPPER r8 r4
    UPPER r9 r5
    UPPER r10 r6
    UPPER r11 r7
    mov r1, lr
    stm r1!, {r4-r7}
    ldr r2, [sp, #WEIGHTS_END]
    cmp r0, r2
    beq 1f
    b chunk
1:  mov lr, r1
    ldr r2, [sp, #NEXT_BLOCK]
    adds r0, r2
    ldr r2, [sp, #LEFT]
    subs r2, #1
    str r2, [sp, #LEFT]
    beq done
    b block
done:
    add sp, #FRAME
    pop {r0-r3}
    mov r8, r0
    mov r9, r1
    mov r10, r2
    mov r11, r3
    pop {r4-r7, pc}
    .ltorg

    .global upyml_pack_int4
    .type upyml_pack_int4, %function
    .thumb_func
upyml_pack_int4:
    push {r4-r7, lr}
    movs r7, #0
1:  ldm r0!, {r2-r5}
    adds r7, r2
    adds r7, r3
    adds r7, r4
    adds r7, r5
    lsls r6, r2, #4
    subs r3, r6
    lsls r6, r2, #8
    subs r4, r6
    lsls r6, r2, #12
    subs r5, r6
    subs r0, #12
    stm r0!, {r3-r5}
    subs r1, #1
    bne 1b
    movs r0, r7
    pop {r4-r7, pc}
