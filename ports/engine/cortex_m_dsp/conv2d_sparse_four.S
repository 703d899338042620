// void upyml_conv2d_sparse_four_channels(four, x, output, count): see conv2d_sparse_four.h. Four channels and two pixels at a
// time: their eight sums leave three registers for a pair of each pixel and a channel's weights, so that a pair of the list
// is 15 instructions for 16 products. Beginning, requantizing and storing the eight takes 83.
// A pixel left over is made twice.
#include "hot.h"

    .syntax unified
    .thumb

    // upyml_conv2d_sparse_four, copied to the stack
    .equ LIST, 0
    .equ END, 4
    .equ BLOCK, 8
    .equ PIXEL_STEP, 12
    .equ OUT_STEP, 16
    // and behind it
    .equ OUTPUT, 20
    .equ LEFT, 24  // pixels but for those in work and one
    .equ FRAME, 28
    // upyml_conv2d_block: bias, then upyml_prepared of each channel
    .equ Q, 16
    .equ Q_BYTES, 32

    // r0, r1 x of both pixels, r2 the list, r3, r12 a pair of each, lr weights, r4 to r7 the first pixel's sums, r8 to r11 the
    // second's
    .macro CHANNEL place, sum0, sum1
    ldr lr, [r2, #\place - 20]
    smladx \sum0, r3, lr, \sum0
    smladx \sum1, r12, lr, \sum1
    .endm

    .macro PAIR
    ldr r12, [r2], #20
    ldr r3, [r0, r12]
    ldr r12, [r1, r12]
    CHANNEL 4, r4, r8
    CHANNEL 8, r5, r9
    CHANNEL 12, r6, r10
    CHANNEL 16, r7, r11
    .endm

    // As upyml_requantize_int8, by r1, r2 and r3.
    .macro REQUANTIZE sum
    add r12, r2, \sum, asr #31
    lsl \sum, #1
    smmlar \sum, \sum, r1, r12
    asr \sum, r3
    ssat \sum, #8, \sum
    .endm

    UPYML_HOT
    .balign 4
    .global upyml_conv2d_sparse_four_channels
    .type upyml_conv2d_sparse_four_channels, %function
    .thumb_func
upyml_conv2d_sparse_four_channels:
    push {r4-r11, lr}
    ldm r0, {r4-r8}
    mov r0, r1
    sub sp, #FRAME
    subs r3, #1
    mov r9, r2
    mov r10, r3
    stm sp, {r4-r10}
    beq last_pixel

two_pixels:
    ldr r3, [sp, #BLOCK]
    ldr r1, [sp, #PIXEL_STEP]
    ldr r2, [sp, #LIST]
    ldr lr, [sp, #END]
    ldm r3, {r4-r7}
    add r1, r0
    mov r8, r4
    mov r9, r5
    mov r10, r6
    mov r11, r7
    subs r3, lr, r2
    beq finish
    lsls r3, #28  // 40 bytes two pairs, 80 four
    bmi 1f
2:  PAIR
    PAIR
1:  PAIR
    PAIR
    ldr lr, [sp, #END]
    cmp r2, lr
    bne 2b

finish:
    ldr lr, [sp, #BLOCK]
    add lr, #Q
    ldm lr, {r1-r3}
    REQUANTIZE r4
    REQUANTIZE r8
    add lr, #Q_BYTES
    ldm lr, {r1-r3}
    REQUANTIZE r5
    REQUANTIZE r9
    add lr, #Q_BYTES
    ldm lr, {r1-r3}
    REQUANTIZE r6
    REQUANTIZE r10
    add lr, #Q_BYTES
    ldm lr, {r1-r3}
    REQUANTIZE r7
    REQUANTIZE r11
    ldrd r2, r1, [sp, #OUT_STEP]  // and output
    strb r4, [r1]
    strb r5, [r1, #1]
    strb r6, [r1, #2]
    strb r7, [r1, #3]
    add r1, r2
    strb r8, [r1]
    strb r9, [r1, #1]
    strb r10, [r1, #2]
    strb r11, [r1, #3]
    add r1, r2
    ldr r3, [sp, #PIXEL_STEP]
    ldr r2, [sp, #LEFT]
    add r0, r0, r3, lsl #1
    subs r2, #2
    strd r1, r2, [sp, #OUTPUT]
    bgt two_pixels
    bne done
last_pixel:
    movs r3, #0
    strd r3, r3, [sp, #PIXEL_STEP]  // and of the output
    b two_pixels
done:
    add sp, #FRAME
    pop {r4-r11, pc}
