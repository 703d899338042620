// void upyml_requantize_prepared(accumulators, output, q, count, accumulator_step, output_step)
// See requantization.c. Cycles a value: 16.75; clamped to the low end 14.75, to the high end 18.75; unsure 80.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_prepared
    .equ PRE_SHIFT, 8
    .equ RANGE, 28
    .equ LOW, 32
    .equ ZERO_POINT, 36
    // on the stack, with r0 to r11 and lr saved
    .equ Q, 24
    .equ ACCUMULATOR_STEP, 52
    .equ OUTPUT_STEP, 56

    // One value. r1 pre_shift, r2 factor, r3 shift, r4 guard, r5 accumulator, r6 output, r7 offset, r8 and r9 their
    // steps, r10 range, r11 low, r12 end of the output
    .macro VALUE place
value\place:
    ldr r0, [r5]
    asrs r0, r1
    muls r0, r2
    adds r0, r7
    blt below\place
    tst r0, r4
    beq unsure\place
    lsrs r0, r3
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
    .global upyml_requantize_prepared
    .type upyml_requantize_prepared, %function
    .thumb_func
upyml_requantize_prepared:
    push {r0-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    mov r7, r11
    push {r4-r7}
    movs r5, r0
    movs r6, r1
    ldr r0, [sp, #ACCUMULATOR_STEP]
    mov r8, r0
    ldr r0, [sp, #OUTPUT_STEP]
    mov r9, r0
    muls r0, r3
    adds r0, r6
    mov r12, r0
    ldr r0, [r2, #RANGE]
    mov r10, r0
    ldr r0, [r2, #LOW]
    mov r11, r0
    movs r0, #3
    ands r0, r3
    adds r2, #PRE_SHIFT
    ldm r2, {r1, r2, r3, r4, r7}
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

exact:
    push {r1-r4, r7, lr}
    ldr r0, [sp, #Q + 24]
    ldr r1, [r0, #ZERO_POINT]
    ldm r0!, {r3, r4}  // multiplier, right shift
    movs r2, r4
    ldr r0, [r5]
    bl upyml_m0_exact
    pop {r1-r4, r7, pc}
