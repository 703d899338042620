// void upyml_requantize_channels(accumulators, output, q, count, accumulator_step, output_step, channels)
// See requantization.c. Cycles a value: 16.75; clamped to the low end 14.75, to the high end 18.75; unsure 69.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_prepared
    .equ RANGE, 20
    .equ LOW, 24
    .equ ZERO_POINT, 28
    .equ RIGHT_SHIFT, 32
    .equ MULTIPLIER, 36
    .equ Q_BYTES, 52
    // on the stack, with r0 to r11 and lr saved
    .equ ACCUMULATORS, 16
    .equ OUTPUT, 20
    .equ Q, 24
    .equ COUNT, 28
    .equ ACCUMULATOR_STEP, 52
    .equ OUTPUT_STEP, 56
    .equ CHANNELS, 60

    // One value. r1 pre_shift, r2 factor, r3 offset, r4 guard, r5 accumulator, r6 output, r7 shift, r8 and r9 their
    // steps, r10 range, r11 low, r12 end of the output
    .macro VALUE place
value\place:
    ldr r0, [r5]
    asrs r0, r1
    muls r0, r2
    adds r0, r3
    blt below\place
    tst r0, r4
    beq unsure\place
    lsrs r0, r7
clamp\place:
    cmp r0, r10
    bhi above\place
store\place:
    add r0, r11
    strb r0, [r6]
    add r6, r9
    add r5, r8
    .endm

    .macro VALUE_ASIDE place
below\place:
    movs r0, #0
    b store\place
above\place:
    mov r0, r10
    b store\place
unsure\place:
    bl exact
    b clamp\place
    .endm

    UPYML_HOT
    .global upyml_requantize_channels
    .type upyml_requantize_channels, %function
    .thumb_func
upyml_requantize_channels:
    push {r0-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    ldr r0, [sp, #ACCUMULATOR_STEP]
    mov r8, r0
    ldr r0, [sp, #OUTPUT_STEP]
    mov r9, r0
    ldr r0, [r2, #RANGE]
    mov r10, r0
    ldr r0, [r2, #LOW]
    mov r11, r0
channel:
    ldr r5, [sp, #ACCUMULATORS]
    ldr r6, [sp, #OUTPUT]
    ldr r2, [sp, #Q]
    ldr r3, [sp, #COUNT]
    mov r1, r9
    muls r1, r3
    adds r1, r6
    mov r12, r1
    movs r0, #3
    ands r0, r3
    ldm r2!, {r1, r3, r4, r7}
    ldr r2, [r2]
    cmp r0, #2  // values before whole turns of the loop
    beq value2
    bhi value1
    cmp r0, #1
    beq value3
loop:
    VALUE 0
    VALUE 1
    VALUE 2
    VALUE 3
    cmp r6, r12
    bne loop
    ldr r0, [sp, #CHANNELS]
    subs r0, #1
    beq done
    str r0, [sp, #CHANNELS]
    ldr r0, [sp, #ACCUMULATORS]
    adds r0, #4
    str r0, [sp, #ACCUMULATORS]
    ldr r0, [sp, #OUTPUT]
    adds r0, #1
    str r0, [sp, #OUTPUT]
    ldr r0, [sp, #Q]
    adds r0, #Q_BYTES
    str r0, [sp, #Q]
    b channel
done:
    pop {r4-r7}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    pop {r0-r7, pc}

    VALUE_ASIDE 0
    VALUE_ASIDE 1
    VALUE_ASIDE 2
    VALUE_ASIDE 3

// The value at r5 to r0 by products of halves, both roundings and from below clamped.
exact:
    push {r1-r4, r7}
    ldr r1, [sp, #Q + 20]
    ldr r0, [r5]
    ldr r3, [r1, #MULTIPLIER]
    sxth r2, r3
    subs r3, r2
    lsrs r3, #16
    sxth r4, r0
    movs r7, #0
    asrs r0, #16
    adcs r0, r7
    mov r7, r4
    muls r7, r2
    asrs r7, #16
    muls r2, r0
    adds r7, r2
    muls r4, r3
    muls r0, r3
    lsls r0, #1
    adds r7, r4  // no overflow: see upyml_m0_requantize_exact
    asrs r7, #15
    adcs r0, r7  // the product / 2^31, rounded
    asrs r4, r0, #31
    adds r0, r4  // half away from zero; sets the carry that ASRS by 0 leaves as it is
    ldr r2, [r1, #RIGHT_SHIFT]
    ldr r3, [r1, #ZERO_POINT]
    asrs r0, r2
    adcs r0, r3
    bpl 1f
    movs r0, #0
1:  pop {r1-r4, r7}
    bx lr
