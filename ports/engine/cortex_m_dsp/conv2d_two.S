// void upyml_conv2d_two_channels(two, x, output, count): see conv2d_two.h. Two channels and two pixels at a time.
//
// Their four sums, the words of x and of weights that are multiplied and what points to them are 13 of the 14 registers
// that there are; in C the compiler moves sums to the stack. Two words of k are 4 loads of two words and 8 SMLADX for 16
// products: 0.75 instructions each. Beginning, requantizing and storing the four sums takes 56, another kernel row 14.
// A pixel left over is made twice. A second channel that is none is written over by the first.
#include "hot.h"

    .syntax unified
    .thumb

    // upyml_conv2d_two, copied to the stack
    .equ WORDS, 0
    .equ ROWS, 4
    .equ GAP, 8
    .equ ADVANCE, 12
    .equ WEIGHTS, 16
    .equ BIAS, 20
    .equ REQUANTIZATION, 28
    .equ OUT_STEP, 52
    .equ SECOND, 56
    .equ PIXEL_STEP, 60
    .equ SPECIAL, 64
    .equ COPIED, 68
    // and behind it
    .equ OUTPUT, 68
    .equ LEFT, 72  // pixels but for those in work and one
    .equ ROWS_LEFT, 76
    .equ SUMS, 80
    .equ TWO, 96
    .equ FRAME, 104

    // r0, r1 x of both pixels, r2 weights, r3 words left of the row, r4 to r7 words of x, r8, r9 of weights, r10, r11 the
    // first pixel's sums, r12, lr the second's
    .macro WORD x0, x1
    ldrd r8, r9, [r2], #16
    smladx r10, \x0, r8, r10
    smladx r11, \x0, r9, r11
    smladx r12, \x1, r8, r12
    smladx lr, \x1, r9, lr
    .endm

    .macro TWO_WORDS
    ldrd r4, r5, [r0], #8
    ldrd r6, r7, [r1], #8
    WORD r4, r6
    WORD r5, r7
    .endm

    .macro ODD_WORD
    ldr r4, [r0], #4
    ldr r6, [r1], #4
    WORD r4, r6
    .endm

    // As upyml_requantize_int8.
    .macro REQUANTIZE sum, multiplier, offset, right_shift
    add r3, \offset, \sum, asr #31
    lsl \sum, #1
    smmlar \sum, \sum, \multiplier, r3
    asr \sum, \right_shift
    ssat \sum, #8, \sum
    .endm

    UPYML_HOT
    .balign 4
    .global upyml_conv2d_two_channels
    .type upyml_conv2d_two_channels, %function
    .thumb_func
upyml_conv2d_two_channels:
    push {r4-r11, lr}
    sub sp, #FRAME + 4
    str r0, [sp, #TWO]
    str r2, [sp, #OUTPUT]
    mov r2, sp
    .rept 2
    ldm r0!, {r4-r11}
    stm r2!, {r4-r11}
    .endr
    ldr r4, [r0]
    str r4, [r2]
    mov r0, r1
    ldr r2, [sp, #PIXEL_STEP]
    add r1, r2
    subs r3, #1
    str r3, [sp, #LEFT]
    beq last_pixel

two_pixels:
    ldr r3, [sp, #WORDS]
    ldr r2, [sp, #WEIGHTS]
    ldrd r10, r11, [sp, #BIAS]
    ldr r4, [sp, #ROWS]
    mov r12, r10
    mov lr, r11
    cmp r3, #5
    beq rows_of_five
    str r4, [sp, #ROWS_LEFT]
row:
    subs r3, #8
    blo 2f
1:  .rept 4
    TWO_WORDS
    .endr
    subs r3, #8
    bhs 1b
2:  lsls r3, #30  // carry: four words more; sign: two; the bit below: one
    bcc 3f
    TWO_WORDS
    TWO_WORDS
3:  bpl 4f
    TWO_WORDS
4:  lsls r3, #2
    bcc 5f
    ODD_WORD
5:  ldr r4, [sp, #ROWS_LEFT]
    subs r4, #1
    beq finish
    str r4, [sp, #ROWS_LEFT]
    ldr r5, [sp, #GAP]
    ldr r3, [sp, #WORDS]
    add r0, r5
    add r1, r5
    b row

rows_of_five:  // as those of 3x3 over three colours
    mov r3, r4
1:  TWO_WORDS
    TWO_WORDS
    ODD_WORD
    ldr r5, [sp, #GAP]
    add r0, r5
    add r1, r5
    subs r3, #1
    bne 1b

finish:
    ldr r2, [sp, #ADVANCE]
    ldr r3, [sp, #SPECIAL]
    add r0, r2
    add r1, r2
    cmp r3, #0
    bne special
    add r3, sp, #REQUANTIZATION
    ldm r3, {r4-r9}
    REQUANTIZE r10, r4, r5, r6
    REQUANTIZE r12, r4, r5, r6
    REQUANTIZE r11, r7, r8, r9
    REQUANTIZE lr, r7, r8, r9
    ldr r3, [sp, #OUTPUT]
    ldrd r4, r5, [sp, #OUT_STEP]  // and second
    strb r11, [r3, r5]
    strb r10, [r3]
    add r3, r4
    strb lr, [r3, r5]
    strb r12, [r3]
    add r3, r4
stored:
    str r3, [sp, #OUTPUT]
    ldr r3, [sp, #LEFT]
    subs r3, #2
    str r3, [sp, #LEFT]
    bgt two_pixels
    bne done
last_pixel:
    mov r1, r0
    movs r3, #0
    str r3, [sp, #OUT_STEP]
    b two_pixels

special:
    strd r10, r11, [sp, #SUMS]
    strd r12, lr, [sp, #SUMS + 8]
    mov r4, r0
    mov r5, r1
    ldr r0, [sp, #TWO]
    add r1, sp, #SUMS
    ldr r2, [sp, #OUTPUT]
    ldr r3, [sp, #OUT_STEP]
    add r6, r2, r3, lsl #1
    bl upyml_conv2d_finish_special
    mov r0, r4
    mov r1, r5
    mov r3, r6
    b stored

done:
    add sp, #FRAME + 4
    pop {r4-r11, pc}
