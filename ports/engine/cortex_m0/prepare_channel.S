// void upyml_prepare_channel(q, multiplier, shift, bits): see requantization.c for the sense of it. 115 cycles, for
// each channel and strip.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_prepared
    .equ PRE_SHIFT, 0
    .equ OFFSET, 4
    .equ GUARD, 8
    .equ SHIFT, 12
    .equ FACTOR, 16
    .equ ZERO_POINT, 28
    .equ RIGHT_SHIFT, 32
    .equ MULTIPLIER, 36
    .equ PLAIN, 40
    .equ MIDDLE, 44
    .equ REACH, 48

    .equ MAX_BITS, 31
    .equ MAX_SHIFT, 22  // offset and twice the error stay in 31 bits
    .equ MIN_FACTOR_BITS, 6

    UPYML_HOT
    .global upyml_prepare_channel
    .type upyml_prepare_channel, %function
    .thumb_func
upyml_prepare_channel:
    push {r4-r7, lr}
    negs r2, r2  // right shift
    str r2, [r0, #RIGHT_SHIFT]
    str r1, [r0, #MULTIPLIER]
    movs r4, #0
    str r4, [r0, #PLAIN]
    movs r5, r1
    orrs r5, r2
    bmi plain
    lsrs r4, r1, #30
    beq small
    cmp r3, #MAX_BITS
    ble 1f
    movs r3, #MAX_BITS
1:
    // Each bit of pre_shift, r4, doubles one error and halves the other: at (bits + right shift - 24) / 2 they are equal.
    adds r4, r3, r2
    subs r4, #24
    asrs r4, #1
    bpl 1f
    movs r4, #0
1:  movs r5, #MAX_BITS
    subs r3, r5, r3
    movs r5, #MAX_SHIFT
    subs r5, r2
    cmp r3, r5
    ble 2f
    movs r3, r5
2:  adds r5, r3, r4  // bits of the factor; r3, that less pre_shift, may be below 0
    cmp r5, #MIN_FACTOR_BITS
    blt unsure
    str r4, [r0, #PRE_SHIFT]
    movs r6, #1
    lsls r6, #30
    lsrs r6, r5
    adds r6, r1
    lsrs r1, #16
    // residual / 2^drop, -1/2 to 1/2, in units of 2^-16: half less the bits that are dropped
    adds r5, #1
    movs r7, r6
    lsls r7, r5
    asrs r7, #16
    negs r5, r5
    adds r5, #32
    lsrs r6, r5
    str r6, [r0, #FACTOR]
    ldr r5, =0x7fff
    eors r7, r5
    // times 2^30 / multiplier in units of 2^-15: 1.4641 - x / 2 for 1 / x is wrong by a 14th at most from 1 to 2
    ldr r5, =47976
    subs r5, r1
    muls r7, r5
    asrs r7, #15  // the ratio
    movs r1, #16
    subs r1, r2
    adds r1, r4  // the ratio is in units of 2^r1
    movs r5, r6
    lsrs r5, r4
    subs r6, r5
    adds r6, #1
    lsrs r6, #1  // half of what pre_shift drops
    adds r2, r3
    str r2, [r0, #SHIFT]
    // error: the ratio, which may be wrong by 4, in the middle of the range; the rest; the first rounding; roundings here
    asrs r4, r7, #31
    adds r5, r7, r4
    eors r5, r4
    ldr r4, [r0, #REACH]
    muls r5, r4
    movs r4, #1
    lsls r4, #11
    adds r5, r4
    asrs r5, r1
    adds r5, r6
    movs r4, #1
    lsls r4, r3  // 0 for a number below 0
    lsrs r4, #1
    adds r5, r4
    adds r5, #9
    // offset
    ldr r4, [r0, #MIDDLE]
    muls r7, r4
    asrs r7, r1
    subs r6, r7
    adds r6, r5
    movs r4, #1
    lsls r4, r2
    lsrs r3, r4, #1
    adds r6, r3
    ldr r3, [r0, #ZERO_POINT]
    lsls r3, r2
    adds r6, r3
    str r6, [r0, #OFFSET]
    // guard: bits of the fraction above twice the error
    .irp distance, 1, 2, 4, 8, 16
    lsrs r1, r5, #\distance
    orrs r5, r1
    .endr
    lsls r5, #1
    adds r5, #1
    subs r4, #1
    bics r4, r5
    str r4, [r0, #GUARD]
    pop {r4-r7, pc}

small:  // below 2^30: 0, where each output is the zero point, u that and a half; or else unsure of every value
    cmp r1, #0
    bne unsure
    ldr r5, [r0, #ZERO_POINT]
    lsls r5, #1
    adds r5, #1
    movs r6, #1
    movs r7, #1
    stm r0!, {r4-r7}
    str r4, [r0]
    pop {r4-r7, pc}

plain:
    movs r4, #1
    str r4, [r0, #PLAIN]
unsure:  // of every value
    movs r4, #0
    movs r5, #0
    movs r6, #0
    movs r7, #0
    stm r0!, {r4-r7}
    str r4, [r0]
    pop {r4-r7, pc}
    .ltorg
