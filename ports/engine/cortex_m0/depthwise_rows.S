// void upyml_depthwise_sum(rows): see depthwise.h. Any kernel, one column at once: about 11 cycles a tap (two products)
// and 30 a column. The upper half of a product is the high lane's, as in depthwise_rows_3x3.S.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_depthwise_rows
    .equ BIAS, 36
    .equ WORDS, 56  // then accumulators, span
    .equ NEXT_ROW, 68  // then row_bytes
    .equ PAIRS, 80  // then taps, taps_end, step
    // The stack
    .equ PAIRS_LEFT, 0
    .equ ROWS, 4
    .equ FRAME, 8

.macro add_tap tap, weight
    sxtb \weight, \tap
    lsrs \tap, \tap, #8
    ldr \tap, [r0, \tap]
    muls \weight, \tap, \weight
    add r8, \weight
    asrs \weight, \weight, #16
    adcs r7, \weight
.endm

    UPYML_HOT
    .global upyml_depthwise_sum
    .type upyml_depthwise_sum, %function
    .thumb_func
upyml_depthwise_sum:
    SAVE_REGISTERS
    sub sp, #FRAME
    str r0, [sp, #ROWS]
    ldr r1, [r0, #BIAS]
    mov lr, r1
    mov r1, r0
    adds r1, #WORDS
    ldm r1!, {r0, r2, r3}
    mov r12, r2  // accumulators
    adds r3, r3, r0
    mov r10, r3  // the row's end
    adds r1, #PAIRS - NEXT_ROW
    ldm r1!, {r2, r3, r6, r7}  // r6: end of the taps
    str r2, [sp, #PAIRS_LEFT]
    mov r11, r3  // taps
    mov r9, r7  // step
next_column:
    mov r7, lr
    movs r1, #0
    mov r8, r1
    mov r1, r11
next_taps:
    ldm r1!, {r2, r3}
    add_tap r2, r4
    add_tap r3, r5
    cmp r1, r6
    bne next_taps
    mov r5, lr
    subs r3, r7, r5
    lsls r3, r3, #16
    mov r4, r8
    subs r4, r4, r3
    adds r5, r5, r4
    mov r4, r7
    mov r1, r12
    stm r1!, {r4, r5}  // high, low
    mov r12, r1
    add r0, r9
    cmp r0, r10
    bne next_column
    ldr r1, [sp, #ROWS]
    adds r1, #NEXT_ROW
    ldm r1!, {r2, r3}  // next_row, row_bytes
    adds r0, r0, r2
    add r10, r3
    ldr r1, [sp, #PAIRS_LEFT]
    subs r1, #1
    str r1, [sp, #PAIRS_LEFT]
    bne next_column
    add sp, #FRAME
    RESTORE_REGISTERS
