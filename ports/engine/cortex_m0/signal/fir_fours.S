// uint32_t upyml_m0_fir_fours(c, x, fours): see fir_sum.c. 7.25 cycles a product.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .macro PRODUCT c, x
    ldrsh r2, [r0, \c]
    ldrsh r3, [r1, \x]
    muls r2, r3
    add r8, r2
    .endm

    // r0 coefficient, r1 the oldest of four samples, r4 to r7 the places of four, r8 sum, r9 end of the coefficients
    UPYML_HOT
    .global upyml_m0_fir_fours
    .type upyml_m0_fir_fours, %function
    .thumb_func
upyml_m0_fir_fours:
    SAVE_REGISTERS
    lsls r2, #3
    adds r2, r0
    mov r9, r2
    subs r1, #6
    movs r4, #0
    movs r5, #2
    movs r6, #4
    movs r7, #6
    mov r8, r4
fours:
    PRODUCT r4, r7
    PRODUCT r5, r6
    PRODUCT r6, r5
    PRODUCT r7, r4
    adds r0, #8
    subs r1, #8
    cmp r0, r9
    bne fours
    mov r0, r8
    RESTORE_REGISTERS
