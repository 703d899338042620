// void upyml_m0_rfft_radix4(z, end, quarter, twiddles, step): a pass of upyml_rfft_pass(), see rfft_passes.c.
// A butterfly takes 153 cycles, with factors of 1 (k = 0) 108; a k 30 besides.
//
// All butterflies of one k are made before the next k, so that their three factors lie on the stack. A butterfly's numbers are
// read at p0, p1 = p0 + quarter, p2 and p3 in turn, and written back from p3 down to p0.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // on the stack
    .equ W1, 0
    .equ W2, 4
    .equ W3, 8
    .equ B_IM, 12
    .equ END, 16
    .equ FIRST, 20  // p0 of this k's first butterfly
    .equ LAST_K, 24  // z + quarter
    .equ TWIDDLES1, 28
    .equ TWIDDLES2, 32
    .equ TWIDDLES3, 36
    .equ FRAME, 40
    .equ STEP, FRAME + 36  // behind r4 to r11 and lr

    // r1, r0: real and imaginary part of the number at r7, times 1/4 in Q15, rounded
    .macro SCALED
    ldr r0, [r7]
    sxth r1, r0
    asrs r0, #16
    muls r1, r5
    muls r0, r5
    adds r1, r6
    adds r0, r6
    asrs r1, #15
    asrs r0, #15
    .endm

    // r4, r1: the product of r1, r0 and a factor on the stack
    .macro TURNED place
    ldr r2, [sp, #\place]
    sxth r3, r2
    asrs r2, #16
    movs r4, r1
    muls r4, r3
    muls r1, r2
    muls r2, r0
    muls r0, r3
    subs r4, r2
    adds r4, r6
    asrs r4, #15
    adds r1, r0
    adds r1, r6
    asrs r1, #15
    .endm

    // r4, r1: the next number of the butterfly, scaled and turned, or with a factor of 1
    .macro NUMBER place
    add r7, lr
    SCALED
    .ifb \place
    movs r4, r1
    movs r1, r0
    .else
    TURNED \place
    .endif
    .endm

    // r7 p0, lr quarter. From p0 to the next butterfly's.
    .macro BUTTERFLY w1, w2, w3
    movs r6, #1
    lsls r6, #14  // half, to round
    lsrs r5, r6, #1
    subs r5, #1  // 8191
    SCALED
    mov r10, r1
    mov r11, r0
    NUMBER \w1
    mov r12, r4
    str r1, [sp, #B_IM]
    NUMBER \w2
    mov r2, r10
    mov r3, r11
    adds r0, r2, r4
    mov r8, r0  // even
    adds r0, r3, r1
    mov r9, r0
    subs r2, r4
    mov r10, r2  // odd
    subs r3, r1
    mov r11, r3
    NUMBER \w3
    mov r0, r12
    ldr r2, [sp, #B_IM]
    adds r3, r0, r4  // sum of b and d
    subs r0, r4  // difference
    adds r4, r2, r1
    subs r1, r2, r1
    mov r2, r10
    subs r5, r2, r1
    strh r5, [r7]
    adds r2, r1
    mov r5, r11
    adds r6, r5, r0
    strh r6, [r7, #2]
    subs r5, r0
    mov r6, lr
    subs r7, r6
    mov r0, r8
    subs r1, r0, r3
    strh r1, [r7]
    adds r0, r3
    mov r1, r9
    subs r3, r1, r4
    strh r3, [r7, #2]
    adds r1, r4
    subs r7, r6
    strh r2, [r7]
    strh r5, [r7, #2]
    subs r7, r6
    strh r0, [r7]
    strh r1, [r7, #2]
    lsls r6, #2
    adds r7, r6
    ldr r0, [sp, #END]
    cmp r7, r0
    .endm

    UPYML_HOT
    .global upyml_m0_rfft_radix4
    .type upyml_m0_rfft_radix4, %function
    .thumb_func
upyml_m0_rfft_radix4:
    SAVE_REGISTERS
    sub sp, #FRAME
    mov lr, r2
    str r1, [sp, #END]
    str r0, [sp, #FIRST]
    adds r2, r0
    str r2, [sp, #LAST_K]
    str r3, [sp, #TWIDDLES1]
    str r3, [sp, #TWIDDLES2]
    str r3, [sp, #TWIDDLES3]
    movs r7, r0
straight:
    BUTTERFLY
    bhs next_k
    b straight  // too far for a condition

next_k:
    ldr r7, [sp, #FIRST]
    adds r7, #4
    ldr r0, [sp, #LAST_K]
    cmp r7, r0
    blo another_k
    add sp, #FRAME
    RESTORE_REGISTERS

another_k:
    str r7, [sp, #FIRST]
    ldr r0, [sp, #STEP]
    ldr r1, [sp, #TWIDDLES1]
    adds r1, r0
    str r1, [sp, #TWIDDLES1]
    ldr r1, [r1]
    str r1, [sp, #W1]
    ldr r1, [sp, #TWIDDLES2]
    lsls r2, r0, #1
    adds r1, r2
    str r1, [sp, #TWIDDLES2]
    ldr r1, [r1]
    str r1, [sp, #W2]
    ldr r1, [sp, #TWIDDLES3]
    adds r2, r0
    adds r1, r2
    str r1, [sp, #TWIDDLES3]
    ldr r1, [r1]
    str r1, [sp, #W3]
turned:
    BUTTERFLY W1, W2, W3
    bhs last_turned
    b turned

last_turned:
    b next_k
