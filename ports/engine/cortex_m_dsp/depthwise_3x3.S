// void upyml_depthwise_3x3_stride_1(rows), ..._stride_2(rows): see depthwise.h. Two columns of two output rows at once:
// sums and weights are ten of the 14 registers. A word holds x of two rows, one of weights two rows of a kernel's column,
// `upper` (w0, w1) and `lower` (w1, w2); with the halves that SMLATB and SMLABT take, six words of weights are enough.
//
// Stride 1, output rows y and y + 1, words P = (x[y], x[y + 1]) and Q = (x[y + 2], x[y + 3]):
//     row y: P * upper + Q low * lower high;  row y + 1: P high * upper low + Q * lower
// Stride 2, output rows y and y + 1, words P, Q and R:
//     row y: P * upper + Q low * lower high;  row y + 1: Q * upper + R low * lower high
// 65 and 74 instructions for the 36 products, with requantization. Of an odd number of columns the last but one is made
// twice; of an odd number of rows the one behind the last is made too, and written over by the last.
#include "hot.h"

    .syntax unified
    .thumb

    // upyml_depthwise_3x3, copied to the stack
    .equ WEIGHTS, 0  // and bias
    .equ REQUANTIZATION, 28  // and output, second, step
    .equ OUTPUT, 40
    .equ SECOND, 44
    .equ STEP, 48
    .equ WORDS, 52  // and row bytes
    .equ ROW_BYTES, 56
    .equ SPAN, 60
    .equ ODD, 64
    .equ ROWS, 68
    .equ NEXT, 72
    .equ SPECIAL, 76
    // and behind it
    .equ END, 80  // of the output row's even number of pixels
    .equ ODD_LEFT, 84
    .equ SUMS, 88
    .equ PARAMETERS, 104
    .equ FRAME, 108

    // r0, r1 rows of words, r2, r3 words of x, r4 to r6 upper, r7 to r9 lower, r10, r11 the first row's sums, r12, lr the
    // second's

    // A row of words with stride 1: what it adds to the first row's sums and to the second's, by the weights.
    .macro ADD_STRIDE_1 row, first, second, w0, w1, w2
    ldrd r2, r3, [\row], #8
    \first r10, r2, \w0, r10
    \second r12, r2, \w0, r12
    \first r10, r3, \w1, r10
    \second r12, r3, \w1, r12
    \first r11, r3, \w0, r11
    \second lr, r3, \w0, lr
    ldrd r2, r3, [\row]
    \first r10, r2, \w2, r10
    \second r12, r2, \w2, r12
    \first r11, r2, \w1, r11
    \second lr, r2, \w1, lr
    \first r11, r3, \w2, r11
    \second lr, r3, \w2, lr
    .endm

    .macro SUM_STRIDE_1
    ADD_STRIDE_1 r0, smlad, smlatb, r4, r5, r6
    ADD_STRIDE_1 r1, smlabt, smlad, r7, r8, r9
    .endm

    // The words of x in r2 and r3 with stride 2: two more columns, or the last one.
    .macro ADD_TWO operation, sum0, sum1, w0, w1, w2
    \operation \sum0, r2, \w2, \sum0
    \operation \sum1, r2, \w0, \sum1
    \operation \sum1, r3, \w1, \sum1
    .endm

    .macro SUM_STRIDE_2
    ldrd r2, r3, [r0]
    smlad r10, r2, r4, r10
    smlad r10, r3, r5, r10
    ldrd r2, r3, [r0, #8]
    ADD_TWO smlad, r10, r11, r4, r5, r6
    ldr r2, [r0, #16]!
    smlad r11, r2, r6, r11
    ldrd r2, r3, [r1]
    smlabt r10, r2, r7, r10
    smlabt r10, r3, r8, r10
    smlad r12, r2, r4, r12
    smlad r12, r3, r5, r12
    ldrd r2, r3, [r1, #8]
    ADD_TWO smlabt, r10, r11, r7, r8, r9
    ADD_TWO smlad, r12, lr, r4, r5, r6
    ldr r2, [r1, #16]
    ldr r3, [sp, #ROW_BYTES]
    smlabt r11, r2, r9, r11
    smlad lr, r2, r6, lr
    add r1, r3
    ldrd r2, r3, [r1]
    smlabt r12, r2, r7, r12
    smlabt r12, r3, r8, r12
    ldrd r2, r3, [r1, #8]
    ADD_TWO smlabt, r12, lr, r7, r8, r9
    ldr r2, [r1, #16]
    ldr r3, [sp, #ROW_BYTES]
    smlabt lr, r2, r9, lr
    add r1, r0, r3
    .endm

    // As upyml_requantize_int8, by r4 to r6.
    .macro REQUANTIZE sum
    add r2, r5, \sum, asr #31
    lsl \sum, #1
    smmlar \sum, \sum, r4, r2
    asr \sum, r6
    ssat \sum, #8, \sum
    .endm

    .macro ROWS_OF stride
    .balign 4
    .global upyml_depthwise_3x3_stride_\stride
    .type upyml_depthwise_3x3_stride_\stride, %function
    .thumb_func
upyml_depthwise_3x3_stride_\stride:
    push {r4-r11, lr}
    sub sp, #FRAME
    str r0, [sp, #PARAMETERS]
    mov r1, sp
    .rept 2
    ldm r0!, {r3-r12}
    stm r1!, {r3-r12}
    .endr
two_rows_\stride:
    ldrd r0, r1, [sp, #WORDS]
    add r1, r0
    ldrd r2, r3, [sp, #SPAN]  // and odd
    ldr r4, [sp, #OUTPUT]
    add r2, r4
    strd r2, r3, [sp, #END]
    ldr r2, [sp, #ROWS]
    cmp r2, #1
    bne 1f
    movs r2, #0
    str r2, [sp, #SECOND]
1:  add r3, sp, #WEIGHTS
    ldm r3, {r4-r10}
    mov r11, r10
    mov r12, r10
    mov lr, r10
    SUM_STRIDE_\stride
    ldr r2, [sp, #SPECIAL]
    cmp r2, #0
    bne special_\stride
    add r3, sp, #REQUANTIZATION
    ldm r3, {r4-r9}
    REQUANTIZE r12
    REQUANTIZE r10
    REQUANTIZE lr
    REQUANTIZE r11
    strb r12, [r7, r8]
    strb r10, [r7]
    add r7, r9
    strb lr, [r7, r8]
    strb r11, [r7]
    add r7, r9
stored_\stride:
    ldrd r2, r3, [sp, #END]
    str r7, [sp, #OUTPUT]
    cmp r7, r2
    bne 1b
    cbz r3, 2f  // no column is left over
    ldr r9, [sp, #STEP]
    sub r7, r9
    str r7, [sp, #OUTPUT]
    add r2, r9
    movs r3, #0
    strd r2, r3, [sp, #END]
    subs r0, #4 * \stride
    subs r1, #4 * \stride
    b 1b
2:  ldrd r2, r3, [sp, #ROWS]  // and next
    add r7, r3
    str r7, [sp, #OUTPUT]
    ldrd r0, r1, [sp, #WORDS]
    .rept \stride
    add r0, r1
    .endr
    str r0, [sp, #WORDS]
    subs r2, #2
    str r2, [sp, #ROWS]
    bgt two_rows_\stride
    add sp, #FRAME
    pop {r4-r11, pc}

special_\stride:
    strd r10, r11, [sp, #SUMS]
    strd r12, lr, [sp, #SUMS + 8]
    mov r4, r0
    mov r5, r1
    ldr r0, [sp, #PARAMETERS]
    add r1, sp, #SUMS
    ldrd r2, r3, [sp, #OUTPUT]  // and second
    ldr r6, [sp, #STEP]
    add r7, r2, r6, lsl #1
    bl upyml_depthwise_finish_special
    mov r0, r4
    mov r1, r5
    b stored_\stride
    .endm

    UPYML_HOT
    ROWS_OF 1
    ROWS_OF 2
