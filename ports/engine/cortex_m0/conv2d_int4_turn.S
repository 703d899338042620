// The turns that conv2d_line.S makes through expanded weights of four bits.
//
// Where |w| <= 7, the products of 16 words, 32 k, can be added before their upper half is taken: see
// fully_connected_int4_dot.S. So a word is 17 cycles for 8 products instead of 21; 25 more a turn and 23 a segment.
//
// Not functions. upyml_int4_pixel: r4 to r7 are the pixel's biases, r0 its weights, r8 x at its first turn, less the words
// that this has fewer than 16; r10 is where to go with the accumulators in r4 to r7. Until then they wait at r12, where
// they belong; r4 to r7 are sums of products. upyml_int4_turn is a whole turn, and 24 bytes on one that leaves out its first
// word and so on. On the line's stack SPAN is where in the code a segment's first turn starts, GAP is the bytes of x from a
// segment's last turn to the next one's first.
#include "conv2d_line.inc"
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 16  // words

    .macro PRODUCT sum weights
    muls \weights, r1
    adds \sum, \weights
    .endm

    .macro UPPER sum accumulator
    asrs \sum, #16
    adcs \sum, \accumulator
    .endm

    UPYML_HOT
    .global upyml_int4_pixel
    .type upyml_int4_pixel, %function
    .thumb_func
    .balign 4
upyml_int4_pixel:
    mov r1, r12
    stm r1!, {r4-r7}
    ldr r1, [sp, #BLOCK]
    ldr r1, [r1, #SEGMENT_BYTES]
    adds r1, r0
    mov r11, r1  // end of the segment's weights
    movs r4, #0
    movs r5, #0
    movs r6, #0
    movs r7, #0
    ldr r1, [sp, #SPAN]
    mov pc, r1

next_turn:
    movs r1, #4 * TURN
    add r8, r1
    mov r1, r12
    stm r1!, {r4-r7}
    .global upyml_int4_turn
    .type upyml_int4_turn, %function
    .thumb_func
upyml_int4_turn:
    mov r1, r8
    ldr r1, [r1]
    ldm r0!, {r4-r7}
    muls r4, r1
    muls r5, r1
    muls r6, r1
    muls r7, r1
    b second_word
    .org upyml_int4_turn + 24
second_word:
    .set word, 1
    .rept TURN - 1
    mov r1, r8
    ldr r1, [r1, #4 * word]
    ldm r0!, {r2, r3}
    PRODUCT r4 r2
    PRODUCT r5 r3
    ldm r0!, {r2, r3}
    PRODUCT r6 r2
    PRODUCT r7 r3
    .set word, word + 1
    .endr
    mov r1, r12
    ldm r1!, {r2, r3}
    UPPER r4 r2
    UPPER r5 r3
    ldm r1!, {r2, r3}
    UPPER r6 r2
    UPPER r7 r3
    cmp r0, r11
    bne 2f
    ldr r1, [sp, #WEIGHTS_END]
    cmp r0, r1
    beq 1f
    ldr r1, [sp, #GAP]
    add r8, r1
    b upyml_int4_pixel
1:  mov pc, r10
2:  b next_turn
