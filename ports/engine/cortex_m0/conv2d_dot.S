// void upyml_conv2d_dot(weights, x, accumulators, count, bias, pixel_step, words, segments, segment_step)
// Accumulators of four channels for `count` pixels, four words a pixel: bias + the sum over `segments` times `words` of
// x by expanded weights. Segments are segment_step bytes apart, pixels pixel_step; weights lie without gaps.
//
// A word of x is (x[k + 1] << 16) + x[k], one of the weights (w[k] << 16) + w[k + 1]: the upper half of their product
// is w[k] * x[k] + w[k + 1] * x[k + 1], the lower half w[k + 1] * x[k], less than 2^15. So after ASRS by 16 the carry,
// bit 15, makes up for a lower half below zero. Two products in 3 cycles; 21 a word for the four channels.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // On the stack: r0, r1, r4 to r11 and lr saved, then the arguments. Some of the places are used again.
    .equ WEIGHTS, 16
    .equ LAST, 20  // where the segment's last turn starts in x
    .equ BIAS, 44
    .equ PIXEL_STEP, 48
    .equ WORDS, 52
    .equ SPAN, 52  // bytes of x from a segment's first turn to its last
    .equ SEGMENTS, 56
    .equ END, 56  // of the accumulators
    .equ SEGMENT_STEP, 60
    .equ GAP, 60  // bytes of x from a segment's last turn to the next one's first
    .equ TURN, 32  // words a turn; the first turn of a segment starts where it makes it come out even

    .macro DOT accumulator weight
    muls \weight, r1
    asrs \weight, #16
    adcs \accumulator, \weight
    .endm

    UPYML_HOT
    .global upyml_conv2d_dot
    .type upyml_conv2d_dot, %function
    .thumb_func
upyml_conv2d_dot:
    push {r0, r1, r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    mov r12, r2
    lsls r3, #4
    adds r3, r2
    ldr r4, [sp, #WORDS]
    ldr r5, [sp, #SEGMENTS]
    str r3, [sp, #END]
    muls r5, r4
    lsls r5, #4
    adds r5, r0
    mov r11, r5  // end of the weights
    negs r5, r4
    movs r6, #TURN - 1
    ands r5, r6  // words of the first turn to leave out
    lsls r6, r5, #5
    mov r9, r6  // bytes of code to leave out
    lsls r5, #2
    subs r1, r5
    mov lr, r1  // where the pixel's first turn starts in x
    adr r5, next_segment
    subs r4, #1
    lsrs r4, #5
    beq 1f
    adr r5, next_turn
1:  mov r10, r5  // goes on there after a turn
    lsls r4, #7
    str r4, [sp, #SPAN]
    ldr r5, [sp, #SEGMENT_STEP]
    subs r5, r4
    str r5, [sp, #GAP]
pixel:
    ldr r1, [sp, #BIAS]
    ldm r1!, {r4-r7}
    ldr r0, [sp, #WEIGHTS]
    mov r8, lr
    ldr r1, [sp, #SPAN]
    add r1, r8
    str r1, [sp, #LAST]
    b segment

    .balign 4
next_turn:
    ldr r1, [sp, #LAST]
    cmp r8, r1
    beq 1f
    movs r1, #4 * TURN
    add r8, r1
    b turn
1:  ldr r2, [sp, #GAP]
    ldr r3, [sp, #SPAN]
    add r1, r2
    mov r8, r1
    adds r1, r3
    str r1, [sp, #LAST]
    b segment

    .balign 4
next_segment:  // of a single turn
    ldr r1, [sp, #GAP]
    add r8, r1
segment:
    add pc, r9  // counts from 4 bytes on
    nop
turn:
    .set word, 0
    .rept TURN
    mov r1, r8
    ldr r1, [r1, #4 * word]
    ldm r0!, {r2, r3}
    DOT r4 r2
    DOT r5 r3
    ldm r0!, {r2, r3}
    DOT r6 r2
    DOT r7 r3
    .set word, word + 1
    .endr
    cmp r0, r11
    beq 2f
    mov pc, r10
2:  mov r1, r12
    stm r1!, {r4-r7}
    mov r12, r1
    ldr r2, [sp, #PIXEL_STEP]
    add lr, r2
    ldr r2, [sp, #END]
    cmp r1, r2
    beq 3f
    b pixel
3:  pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r0, r1, r4-r7, pc}
