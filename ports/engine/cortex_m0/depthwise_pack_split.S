// void upyml_depthwise_pack_split(split, row, words, rows): see depthwise.h.
// Cycles: 9.25 a word, 11 one with a single column, about 35 a row.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // The stack
    .equ ROW_GAP, 0
    .equ ROW_BYTES, 4
    .equ HIGH_PADDING, 8
    .equ LOW_PADDING, 12
    .equ START, 16  // of r3
    .equ FRAME, 20

// \word = (high << 16) + low. r3: bytes from the first high column.
.macro next_word word, other
    ldrsb \word, [r0, r3]
    ldrsb \other, [r1, r3]
    adds r3, r3, r7
    lsls \word, \word, #16
    adds \word, \word, \other
.endm

.macro two_words
    next_word r4, r5
    next_word r5, r6
    stm r2!, {r4, r5}
.endm

    UPYML_HOT
    .global upyml_depthwise_pack_split
    .type upyml_depthwise_pack_split, %function
    .thumb_func
upyml_depthwise_pack_split:
    SAVE_REGISTERS
    sub sp, #FRAME
    mov r8, r3  // rows left
    ldm r0!, {r3-r7}
    mov r9, r3  // words of two columns
    mov r10, r4  // of the high one
    mov r11, r5  // of the low one
    str r6, [sp, #ROW_GAP]
    muls r5, r7, r5
    negs r3, r5
    str r3, [sp, #START]
    ldm r0!, {r3, r4, r6}
    str r3, [sp, #ROW_BYTES]
    adds r4, r4, r5  // low columns beside the high ones
    lsls r3, r6, #16
    str r3, [sp, #HIGH_PADDING]
    str r6, [sp, #LOW_PADDING]
    mov r0, r1
    adds r1, r1, r4
next_row:
    ldr r3, [sp, #START]
    cmp r3, #0
    beq two_columns
    ldr r5, [sp, #HIGH_PADDING]
low_column:
    ldrsb r4, [r1, r3]
    adds r4, r4, r5
    stm r2!, {r4}
    adds r3, r3, r7
    bne low_column
two_columns:
    mov r6, r9
    lsrs r6, r6, #1
    bcc 1f
    next_word r4, r5
    stm r2!, {r4}
1:  lsrs r6, r6, #1
    mov lr, r6
    bcc 1f
    two_words
1:  mov r4, lr
    cmp r4, #0
    beq high_columns
four_words:
    two_words
    two_words
    mov r4, lr
    subs r4, r4, #1
    mov lr, r4
    bne four_words
high_columns:
    mov r6, r10
    cmp r6, #0
    beq row_packed
    ldr r5, [sp, #LOW_PADDING]
high_column:
    ldrsb r4, [r0, r3]
    lsls r4, r4, #16
    adds r4, r4, r5
    stm r2!, {r4}
    adds r3, r3, r7
    subs r6, r6, #1
    bne high_column
row_packed:
    ldr r4, [sp, #ROW_GAP]
    adds r2, r2, r4
    ldr r4, [sp, #ROW_BYTES]
    adds r0, r0, r4
    adds r1, r1, r4
    mov r4, r8
    subs r4, r4, #1
    mov r8, r4
    bne next_row
    add sp, #FRAME
    RESTORE_REGISTERS
