// What a strip does for four channels of a convolution before the first pixel, and for one channel elsewhere.
//
// void upyml_prepare_block(b, weights, channel)
// The block's weights as they lie in the file, word-aligned, to words of two: for each two k one a channel,
// (w[k] << 16) + w[k + 1]. 2.55 cycles a weight, and 15 for each of b->runs. Then its biases and channels.
// upyml_prepare_freely is the same for assembly, and keeps no register.
//
// void upyml_prepare_channel(q, multiplier, shift, bits)
// A channel: see requantization.c for the sense of it. 115 cycles.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_conv2d_block
    .equ CHANNELS, 28  // channels there are, bias, multipliers, shifts, bits
    .equ RUN_BYTES, 48  // then runs, excess
    .equ RANGE_MIDDLE, 72
    .equ BIASES, 84
    .equ Q, 100
    // upyml_prepared
    .equ MIDDLE, 40  // then reach, half_up
    .equ FROM_END, 12  // where the shift of the last channel is

    .equ MAX_BITS, 31
    .equ MAX_SHIFT, 22  // offset and twice the error stay in 31 bits
    .equ MIN_FACTOR_BITS, 6
    .equ RECIPROCAL, 47976

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
    .global upyml_prepare_block
    .type upyml_prepare_block, %function
    .thumb_func
upyml_prepare_block:
    SAVE_REGISTERS
    bl upyml_prepare_freely
    RESTORE_REGISTERS

    .global upyml_prepare_freely
    .type upyml_prepare_freely, %function
    .thumb_func
upyml_prepare_freely:
    push {r0, r2, lr}
    movs r3, r1
    ldr r1, [r0]
    adds r0, #RUN_BYTES
    ldm r0!, {r4-r6}
    mov r8, r4
    mov r9, r5  // runs
    mov r10, r6  // bytes that a run's words end with and the next run's begin in
    movs r0, r3
    ldr r2, =-0x00800080
    mov r12, r2
    ldr r2, =0x00ff00ff
    b first_run
run:
    mov r9, r3
    mov r3, r10
    subs r1, r3
first_run:
    movs r3, r1
    adds r3, #16
    mov r4, r8
    adds r5, r4, r0
    mov lr, r5  // the run's end
    lsls r4, #27  // 2 more quads than whole turns have to the carry, 1 more to the sign
    bcs two_or_three
    bmi one_quad
turn:
    QUAD
three_quads:
    QUAD
two_quads:
    QUAD
one_quad:
    QUAD
    cmp r0, lr
    bne turn
    mov r3, r9
    subs r3, #1
    beq expanded
    b run
two_or_three:
    bmi three_quads
    b two_quads

    .global upyml_m0_expanded
    .type upyml_m0_expanded, %function
    .thumb_func
upyml_m0_expanded:
expanded:  // with r0, r2 and where to go then on the stack
    pop {r0, r2}
    movs r1, r0
    adds r1, #CHANNELS
    ldm r1!, {r3-r7}  // channels, bias, multipliers, shifts, bits
    subs r3, r2
    ldr r6, [r6, r2]
    mov r11, r6  // shifts, the channel's in the lowest byte
    ldr r7, [r7, r2]
    subs r3, #4
    bpl 1f
    negs r3, r3  // channels that there are not
    lsls r3, #3
    lsls r7, r3
    lsrs r7, r3
1:  mov r12, r7  // bits: 0 when all channels are done
    lsls r2, #2
    adds r4, r2
    adds r5, r2
    mov lr, r5  // multipliers
    adds r1, #BIASES - RUN_BYTES
    ldm r4!, {r2, r3, r5, r6}
    stm r1!, {r2, r3, r5, r6}
    movs r0, r1
    subs r1, #Q - RANGE_MIDDLE
    b channels

    .global upyml_prepare_channel
    .type upyml_prepare_channel, %function
    .thumb_func
upyml_prepare_channel:
    SAVE_REGISTERS
    bl one_channel
    RESTORE_REGISTERS

one_channel:
    push {lr}
    str r1, [r0]
    mov lr, r0
    mov r11, r2
    mov r12, r3
    movs r1, r0
    adds r1, #MIDDLE
channels:
    ldm r1!, {r4-r6}
    mov r8, r4  // middle
    mov r9, r5  // reach
    mov r10, r6  // half_up
channel:
    mov r4, lr
    ldm r4!, {r1}
    mov lr, r4
    mov r4, r11
    sxtb r2, r4
    lsrs r4, #8
    mov r11, r4
    mov r4, r12
    uxtb r3, r4
    lsrs r4, #8
    mov r12, r4
    negs r2, r2  // right shift
    stm r0!, {r1, r2}
    bmi unsure
    lsrs r4, r1, #30
    cmp r4, #1
    bne small
    cmp r3, #MAX_BITS
    bgt too_many_bits
1:
    // Each bit of pre_shift, r4, doubles one error and halves the other: at (bits + right shift - 24) / 2 they are equal.
    adds r4, r3, r2
    subs r4, #24
    bmi no_pre_shift
    lsrs r4, #1
2:  movs r5, #MAX_BITS
    subs r3, r5, r3
    movs r5, #MAX_SHIFT
    subs r5, r2
    cmp r3, r5
    bgt too_much_shift
3:  adds r5, r3, r4  // bits of the factor; r3, that less pre_shift, may be below 0
    cmp r5, #MIN_FACTOR_BITS
    blt unsure
    // residual / 2^drop, -1/2 to 1/2, in units of 2^-16: the bits that are dropped, the first of them a sign
    movs r6, r1
    movs r7, r1
    adds r5, #1
    lsls r7, r5
    asrs r7, #16
    negs r5, r5
    adds r5, #32
    lsrs r6, r5  // the carry is that first bit
    movs r5, #0
    adcs r6, r5
    stm r0!, {r4, r6}  // pre_shift, factor
    // times 2^30 / multiplier in units of 2^-15: 1.4641 - x / 2 for 1 / x is wrong by a 14th at most from 1 to 2
    lsrs r1, #16
    ldr r5, =RECIPROCAL
    subs r5, r1
    muls r7, r5
    asrs r7, #15  // the ratio
    movs r5, #16
    subs r5, r2
    adds r5, r4  // the ratio is in units of 2^r5
    movs r1, r6
    lsrs r1, r4
    subs r1, r6, r1
    lsrs r1, #1  // half of what pre_shift drops
    // error: the ratio, which may be wrong by 4, in the middle of the range; the rest; the first rounding; roundings here
    asrs r4, r7, #31
    adds r6, r7, r4
    eors r6, r4
    mov r4, r9
    muls r6, r4
    movs r4, #1
    lsls r4, #11
    adds r6, r4
    asrs r6, r5
    adds r6, r1
    cmp r2, #0
    beq 4f  // a single rounding
    movs r4, #1
    lsls r4, r3  // 0 for a number below 0
    lsrs r4, #1
    adds r6, r4
4:  adds r6, #10
    // offset
    mov r4, r8
    muls r7, r4
    asrs r7, r5
    adds r7, r1
    adds r7, r6
    adds r2, r3  // shift
    mov r4, r10
    lsls r4, r2
    asrs r4, #1
    adds r7, r4
    // guard: bits of the fraction above twice the error
    lsls r6, #1
    .irp distance, 1, 2, 4, 8, 16
    lsrs r1, r6, #\distance
    orrs r6, r1
    .endr
    movs r4, #1
    lsls r4, r2
    subs r4, #1
    bics r4, r6
    stm r0!, {r2, r4, r7}  // shift, guard, offset
next:
    mov r4, r12
    cmp r4, #0
    bne channel
    subs r0, #FROM_END
    ldr r4, [r0]
    movs r5, #1
    lsls r5, #31
    orrs r4, r5
    str r4, [r0]
    pop {pc}

too_many_bits:
    movs r3, #MAX_BITS
    b 1b
no_pre_shift:
    movs r4, #0
    b 2b
too_much_shift:
    movs r3, r5
    b 3b

small:  // below 2^30: 0, where each output is the zero point, u that and a half; or else unsure of every value
    movs r2, #1
    mov r7, r10
    cmp r1, #0
    beq constant
unsure:  // of every value
    movs r2, #0
    movs r7, #0
constant:
    movs r4, r2
    movs r5, #0
    movs r6, #0
    stm r0!, {r5, r6}
    stm r0!, {r2, r4, r7}
    b next
    .ltorg
