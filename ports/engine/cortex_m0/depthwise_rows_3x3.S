// void upyml_depthwise_sum_3x3(rows): see depthwise.h. Four output pixels at once: two columns, two rows.
// Cycles for the four (36 products): 108 and 114 with stride 1 and 2, 120 and 126 where only two taps may be added up.
// A column left over takes 71 or 77.
//
// A sum of products p holds the high lane's sum in its upper half, rounded up by the low lane's sign, which is bit 15:
// an arithmetic shift right by 16 puts that into the carry, so adding with carry is exact. The low lane is what remains
// of all p once the high lane is taken off. ADC wants low registers for the high lanes' accumulators, r1 and r5; all p
// are added up in r8 and r10.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // upyml_depthwise_rows
    .equ NEXT_ROW, 68  // then row_bytes, single_advance, pairs
    // The stack
    .equ WEIGHTS, 0
    .equ BIAS, 36
    .equ BIAS_BOTH, 40  // 65537 times the bias
    .equ LAST_ROW_END, 44
    .equ SINGLE_ADVANCE, 48
    .equ LOOP, 52
    .equ SINGLE, 56
    .equ ROWS, 60
    .equ FRAME, 64

// Three taps of a row for two columns: r2 and r6 the first two's sums, r4 and r3 the third's.
.macro taps_1 row
    ldm r0!, {r2-r4}
    ldr r6, [sp, #WEIGHTS + 12 * \row]
    muls r2, r6, r2
    muls r6, r3, r6
    ldr r7, [sp, #WEIGHTS + 12 * \row + 4]
    muls r3, r7, r3
    adds r2, r2, r3
    muls r7, r4, r7
    adds r6, r6, r7
    ldr r7, [sp, #WEIGHTS + 12 * \row + 8]
    muls r4, r7, r4
    ldm r0!, {r3}
    muls r3, r7, r3
.endm

// The same with stride 2.
.macro taps_2 row
    ldm r0!, {r2-r4}
    ldr r6, [sp, #WEIGHTS + 12 * \row]
    muls r2, r6, r2
    muls r6, r4, r6
    ldr r7, [sp, #WEIGHTS + 12 * \row + 4]
    muls r3, r7, r3
    adds r2, r2, r3
    ldm r0!, {r3}
    muls r3, r7, r3
    adds r6, r6, r3
    ldr r7, [sp, #WEIGHTS + 12 * \row + 8]
    muls r4, r7, r4
    ldm r0!, {r3}
    muls r3, r7, r3
.endm

.macro add_third
    adds r2, r2, r4
    adds r6, r6, r3
.endm

.macro split_first first, second
    ldr r1, [sp, #BIAS]
    mov r5, r1
    mov r8, \first
    asrs \first, \first, #16
    adcs r1, \first
    mov r10, \second
    asrs \second, \second, #16
    adcs r5, \second
.endm

.macro split first, second
    add r8, \first
    asrs \first, \first, #16
    adcs r1, \first
    add r10, \second
    asrs \second, \second, #16
    adcs r5, \second
.endm

// Leaves the columns' high and low accumulators in r1, r2 and r5, r6 and stores them.
.macro split_last first, second
    asrs r7, \first, #16
    adcs r1, r7
    add \first, r8
    lsls r7, r1, #16
    subs r2, \first, r7
    asrs r7, \second, #16
    adcs r5, r7
    add \second, r10
    lsls r7, r5, #16
    subs r6, \second, r7
    ldr r7, [sp, #BIAS_BOTH]
    adds r2, r2, r7
    adds r6, r6, r7
    mov r7, lr
    stm r7!, {r1, r2, r5, r6}
    mov lr, r7
.endm

// One column: r2 the first two taps' sum, r4 the third's.
.macro single_taps row
    ldm r0!, {r2-r4}
    ldr r6, [sp, #WEIGHTS + 12 * \row]
    muls r2, r6, r2
    ldr r6, [sp, #WEIGHTS + 12 * \row + 4]
    muls r3, r6, r3
    adds r2, r2, r3
    ldr r6, [sp, #WEIGHTS + 12 * \row + 8]
    muls r4, r6, r4
.endm

// Sums in r1 (high) and r7.
.macro single_split sum
    adds r7, r7, \sum
    asrs \sum, \sum, #16
    adcs r1, \sum
.endm

.macro single_three_taps row
    single_taps \row
    adds r2, r2, r4
    single_split r2
.endm

.macro single_two_taps row
    single_taps \row
    single_split r2
    single_split r4
.endm

.macro single_column name, taps
\name:
    ldr r5, [sp, #SINGLE_ADVANCE]
    ldr r1, [sp, #BIAS]
    ldr r7, [sp, #BIAS_BOTH]
    \taps 0
    adds r0, r0, r5
    \taps 1
    adds r0, r0, r5
    \taps 2
    lsls r2, r1, #16
    subs r2, r7, r2
    mov r7, lr
    stm r7!, {r1, r2}
    mov lr, r7
    b end_row
.endm

.macro end_loop loop
    add r0, r9
    cmp r0, r11
    bne \loop
    ldr r1, [sp, #SINGLE]
    mov pc, r1
.endm

.macro three_tap_loop name, taps
\name:
    \taps 0
    add_third
    split_first r2, r6
    add r0, r12
    \taps 1
    add_third
    split r2, r6
    add r0, r12
    \taps 2
    add_third
    split_last r2, r6
    end_loop \name
.endm

.macro two_tap_loop name, taps
\name:
    \taps 0
    split_first r2, r6
    split r4, r3
    add r0, r12
    \taps 1
    split r2, r6
    split r4, r3
    add r0, r12
    \taps 2
    split r2, r6
    split_last r4, r3
    end_loop \name
.endm

    UPYML_HOT
    .balign 4
    .global upyml_depthwise_sum_3x3
    .type upyml_depthwise_sum_3x3, %function
    .thumb_func
upyml_depthwise_sum_3x3:
    SAVE_REGISTERS
    sub sp, #FRAME
    str r0, [sp, #ROWS]
    mov r1, sp
    ldm r0!, {r2-r6}
    stm r1!, {r2-r6}
    ldm r0!, {r2-r6}
    stm r1!, {r2-r6}
    lsls r2, r6, #16
    adds r3, r6, r2  // 65537 times the bias
    ldm r0!, {r2, r4, r5, r6}
    mov r12, r2  // advance
    mov r9, r4  // back
    mov r10, r5  // loop
    mov r8, r6  // single
    ldm r0!, {r2, r5, r6}  // words, accumulators, span
    mov lr, r5
    adds r4, r2, r6
    mov r11, r4  // the row's end
    adds r0, #4
    ldm r0!, {r5, r6, r7}  // row_bytes, single_advance, pairs
    subs r7, #1
    muls r5, r7, r5
    adds r5, r5, r4  // the last row's end
    stm r1!, {r3, r5, r6}
    adr r3, loops
    mov r4, r8
    ldrh r6, [r3, r4]
    adds r6, r6, r3
    mov r4, r10
    ldrh r5, [r3, r4]
    adds r5, r5, r3
    stm r1!, {r5, r6}
    mov r0, r2
    mov pc, r5
    .balign 4
loops:
    .hword three_taps_1 - loops, two_taps_1 - loops, three_taps_2 - loops, two_taps_2 - loops
    .hword three_taps - loops, two_taps - loops, end_row - loops, end_row - loops

end_row:
    ldr r2, [sp, #LAST_ROW_END]
    cmp r11, r2
    beq all_rows
    ldr r1, [sp, #ROWS]
    adds r1, #NEXT_ROW
    ldm r1!, {r3, r4}  // next_row, row_bytes
    mov r0, r11
    adds r0, r0, r3
    add r11, r4
    ldr r1, [sp, #LOOP]
    mov pc, r1
all_rows:
    add sp, #FRAME
    RESTORE_REGISTERS

    three_tap_loop three_taps_1, taps_1
    two_tap_loop two_taps_1, taps_1
    three_tap_loop three_taps_2, taps_2
    two_tap_loop two_taps_2, taps_2
    single_column three_taps, single_three_taps
    single_column two_taps, single_two_taps
