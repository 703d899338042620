// void upyml_m0_biquad(job): samples through a second-order section, see biquad_section.c. 30 cycles a sample, clamped 34.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ STEP, 20
    .equ STATE, 32

    // r4 the sum, at first what the last division dropped; r6 sample, r7 step, r8 to r12 b0 b1 b2 a1 a2, lr end. The place of
    // the older x and y is taken by the new ones, so two samples in turn need no moves. Ends with flags: at the end?
    .macro SAMPLE place, x1, x2, y1, y2
    mov r5, r10
    muls r5, \x2
    adds r4, r5
    mov r5, r9
    muls r5, \x1
    adds r4, r5
    ldrh \x2, [r6]
    sxth \x2, \x2
    mov r5, r8
    muls r5, \x2
    adds r4, r5
    mov r5, r11
    muls r5, \y1
    subs r4, r5
    mov r5, r12
    muls r5, \y2
    subs r4, r5
    asrs \y2, r4, #14
    lsls r4, #18
    lsrs r4, #18
    sxth r5, \y2
    cmp r5, \y2
    bne beyond\place
store\place:
    strh \y2, [r6]
    adds r6, r7
    cmp r6, lr
    .endm

    // The nearest int16 of a y that is none.
    .macro BEYOND place, y
beyond\place:
    asrs \y, #31
    ldr r5, =0x7fff
    eors \y, r5
    b store\place
    .endm

    UPYML_HOT
    .global upyml_m0_biquad
    .type upyml_m0_biquad, %function
    .thumb_func
upyml_m0_biquad:
    SAVE_REGISTERS
    push {r0}
    ldm r0!, {r1-r5}
    mov r8, r1
    mov r9, r2
    mov r10, r3
    mov r11, r4
    mov r12, r5
    ldm r0!, {r5-r7}
    mov lr, r7
    mov r7, r5
    ldm r0!, {r1-r5}
    movs r0, r1
    movs r1, r2
    movs r2, r3
    movs r3, r4
    movs r4, r5
    cmp r6, lr
    beq even_end
samples:
    SAMPLE 1, r0, r1, r2, r3
    beq odd_end
    SAMPLE 2, r1, r0, r3, r2
    bne samples
even_end:
    mov r5, r0
    mov r6, r1
    b write
odd_end:
    mov r5, r1  // the newest stand where the older ones stood
    mov r6, r0
    mov r7, r2
    mov r2, r3
    mov r3, r7
write:
    pop {r0}
    adds r0, #STATE
    stm r0!, {r5, r6}
    stm r0!, {r2-r4}
    RESTORE_REGISTERS
    BEYOND 1, r3
    BEYOND 2, r2
    .ltorg
