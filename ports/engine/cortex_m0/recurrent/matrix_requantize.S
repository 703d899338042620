// void upyml_matrix_requantize(accumulators, multipliers, shifts, y, count)
// y[i] = upyml_requantize(accumulators[i], multipliers[i], shifts[i]), clamped to int16. All on words but y, on half-words,
// and shifts; count: at least 1. 52 cycles a value; a left shift or a multiplier below 0 is left to upyml_requantize.
#include "../hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    UPYML_HOT
    .global upyml_matrix_requantize
    .type upyml_matrix_requantize, %function
    .thumb_func
upyml_matrix_requantize:
    push {r4-r7, lr}
    mov r4, r8
    mov r5, r9
    mov r6, r10
    push {r4-r6}
    movs r5, r0
    movs r6, r1
    mov r8, r2
    mov r9, r3
    ldr r4, [sp, #32]
    lsls r4, #1
    adds r4, r3
    mov r10, r4  // end of y
value:
    ldm r5!, {r0}
    ldm r6!, {r3}
    mov r4, r8
    movs r1, #0
    ldrsb r2, [r4, r1]
    adds r4, #1
    mov r8, r4
    negs r2, r2  // a shift to the right
    movs r4, r3
    orrs r4, r2
    bmi any
    // By products of 16-bit halves, as in requantize_exact.S.
    sxth r1, r3
    subs r3, r1
    lsrs r3, #16
    sxth r4, r0
    movs r7, #0
    asrs r0, #16
    adcs r0, r7
    mov r7, r4
    muls r7, r1
    asrs r7, #16
    muls r1, r0
    adds r7, r1
    muls r4, r3
    muls r0, r3
    lsls r0, #1
    adds r7, r4
    movs r1, #0
    asrs r7, #15
    adcs r0, r7  // the product / 2^31, rounded
    asrs r4, r0, #31
    adds r0, r4  // half away from zero; sets the carry that ASRS by 0 leaves as it is
    asrs r0, r2
    adcs r0, r1
saturate:
    sxth r1, r0
    cmp r1, r0
    bne outside
store:
    mov r1, r9
    strh r0, [r1]
    adds r1, #2
    mov r9, r1
    cmp r1, r10
    bne value
    pop {r4-r6}
    mov r8, r4
    mov r9, r5
    mov r10, r6
    pop {r4-r7, pc}

outside:
    asrs r1, r0, #31
    ldr r0, =32767
    eors r0, r1  // -32768 for a sum below
    b store

any:
    movs r1, r3
    negs r2, r2
    bl upyml_m0_requantize_any
    b saturate
    .ltorg
