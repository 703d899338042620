// The pixels that conv2d_line.S makes of expanded weights of four bits.
//
// Where |w| <= 7, the products of 16 words, 32 k, can be added before their upper half is taken: see
// fully_connected_int4_dot.S. Then the sums need no carry and can be in r8 to r11, which leaves r2 to r7 to two words of x
// and four of weights at once: 14.5 cycles a word for 8 products instead of 21; 30 more a turn, 14 a segment, 16 a pixel,
// and 9 where a segment's first turn is not whole.
//
// Not a function. upyml_int4_pixels makes the accumulators of a batch: r8 is its first x, r12 where the first pixel's
// accumulators belong; r10 is where to go with those of the last one in r4 to r7, lr then what is to be added to r8. In
// between r0 are the weights, r1 is x, r12 where the accumulators are that a turn adds to, lr where the segment's weights
// end. On the line's stack SPAN is where in the code a segment starts: at upyml_int4_turn, a whole one, or where its first
// turn has fewer than 16 words at upyml_int4_part, with an odd number at upyml_int4_odd; the place in the turn where these
// go on is PART of the block. A word's code has 20 bytes and that of the next one 18. GAP is the bytes of x from a
// segment's end to the next one.
#include "conv2d_line.inc"
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 16  // words
    // on the stack
    .equ PLACE, TURNS  // of the pixel's accumulators
    .equ SEGMENT, TURNS + 4  // bytes of a segment's weights
    .equ PART_PLACE, TURNS + 8

    // Four products by a word of x to the sums, or with `mov` instead of `add` the first of them.
    .macro WORD x add
    ldm r0!, {r4-r7}
    muls r4, \x
    muls r5, \x
    muls r6, \x
    muls r7, \x
    \add r8, r4
    \add r9, r5
    \add r10, r6
    \add r11, r7
    .endm

    .macro UPPER sum accumulator
    mov r3, \sum
    asrs r3, #16
    adcs \accumulator, r3
    .endm

    UPYML_HOT
    .global upyml_int4_turn
    .type upyml_int4_turn, %function
    .thumb_func
    .balign 4
upyml_int4_turn:
    ldm r1!, {r2, r3}
    WORD r2 mov
    WORD r3 add
    .rept TURN / 2 - 1
    ldm r1!, {r2, r3}
    WORD r2 add
    WORD r3 add
    .endr
    mov r2, r12
    ldm r2!, {r4-r7}
    UPPER r8 r4
    UPPER r9 r5
    UPPER r10 r6
    UPPER r11 r7
    ldr r2, [sp, #PLACE]
    mov r12, r2
    stm r2!, {r4-r7}
    cmp r0, lr
    beq 1f
    b upyml_int4_turn
1:  ldr r3, [sp, #WEIGHTS_END]
    cmp r0, r3
    beq 2f
    ldr r3, [sp, #GAP]
    adds r1, r3
    b segment
2:  str r2, [sp, #PLACE]
    ldr r3, [sp, #ENTRY + 8]
    adds r1, r3
    ldr r3, [sp, #END]
    cmp r2, r3
    beq batch_done
pixel:
    ldr r2, [sp, #BIAS]
    mov r12, r2
    ldr r0, [sp, #WEIGHTS]
segment:
    ldr r2, [sp, #SEGMENT]
    adds r2, r0
    mov lr, r2
    ldr r2, [sp, #SPAN]
    mov pc, r2

    .global upyml_int4_pixels
    .type upyml_int4_pixels, %function
    .thumb_func
    .balign 4
upyml_int4_pixels:
    ldr r1, [sp, #BLOCK]
    ldr r2, [r1, #SEGMENT_BYTES]
    ldr r3, [r1, #PART]
    mov r1, r12
    add r4, sp, #TURNS
    stm r4!, {r1-r3}
    mov r1, r8
    b pixel

batch_done:
    mov r8, r1
    movs r1, #0
    mov lr, r1
    ldr r1, [sp, #ENTRY + 4]
    mov pc, r1

    .global upyml_int4_odd
    .type upyml_int4_odd, %function
    .thumb_func
    .balign 4
upyml_int4_odd:
    ldm r1!, {r3}
    nop
    .global upyml_int4_part
    .type upyml_int4_part, %function
    .thumb_func
upyml_int4_part:
    movs r2, #0
    mov r8, r2
    mov r9, r2
    mov r10, r2
    mov r11, r2
    ldr r2, [sp, #PART_PLACE]
    mov pc, r2
