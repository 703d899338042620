// void upyml_m0_rfft_split(low, high, twiddles): the bins of upyml_rfft_split() but the first and the last one, see
// rfft_passes.c. low, high: z[1] and z[count - 1]. 71 cycles for two bins.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // r0 low, r1 high, r2 twiddles, r6 16383, r7 half, to round
    UPYML_HOT
    .global upyml_m0_rfft_split
    .type upyml_m0_rfft_split, %function
    .thumb_func
upyml_m0_rfft_split:
    SAVE_REGISTERS
    movs r7, #1
    lsls r7, #14
    subs r6, r7, #1
bins:
    mov r8, r0
    mov r9, r1
    ldr r0, [r0]
    sxth r3, r0
    asrs r0, #16
    ldr r1, [r1]
    sxth r4, r1
    asrs r1, #16
    rsbs r1, r1, #0
    sxth r1, r1  // the conjugate of -32768 is itself
    muls r3, r6
    muls r0, r6
    muls r4, r6
    muls r1, r6
    adds r3, r7
    adds r0, r7
    adds r4, r7
    adds r1, r7
    asrs r3, #15
    asrs r0, #15
    asrs r4, #15
    asrs r1, #15
    adds r5, r3, r4  // sum of the real parts: at most 2 * 16384, so that only 32768 would wrap, which none is
    mov r10, r5
    subs r3, r4
    adds r5, r0, r1
    mov r11, r5
    subs r0, r1
    ldm r2!, {r4}
    sxth r5, r4
    asrs r4, #16
    movs r1, r3
    muls r1, r5
    muls r3, r4
    muls r4, r0
    muls r0, r5
    subs r1, r4
    adds r1, r7
    asrs r1, #15
    sxth r1, r1  // odd, real
    adds r3, r0
    adds r3, r7
    asrs r3, #15
    sxth r3, r3  // odd, imaginary
    mov r4, r10
    adds r0, r4, r1
    asrs r0, #1
    subs r4, r1
    asrs r4, #1
    mov r5, r11
    adds r1, r5, r3
    asrs r1, #1
    subs r5, r3, r5
    asrs r5, #1
    mov r3, r8
    strh r0, [r3]
    strh r1, [r3, #2]
    adds r0, r3, #4
    mov r1, r9
    strh r4, [r1]
    strh r5, [r1, #2]
    subs r1, #4
    cmp r0, r1
    bls bins
    RESTORE_REGISTERS
