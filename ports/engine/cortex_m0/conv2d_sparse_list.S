// Sparse weights of a convolution: the turns that conv2d_line.S makes through a block's list, and the list itself.
#include "hot.h"
#include "registers.inc"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ TURN, 16  // pairs a turn; UPYML_SPARSE_TURN

    .macro DOT accumulator weight
    muls \weight, r1
    asrs \weight, #16
    adcs \accumulator, \weight
    .endm

// upyml_sparse_turn: not a function. Adds to the accumulators of a pixel, r4 to r7, what the list from r0 to r11 makes of
// x at r8, and goes on where r10 tells. 22 cycles for each pair, 8 products. The first turn starts as many times 32 bytes
// behind its beginning as it has fewer pairs.
    UPYML_HOT
    .global upyml_sparse_turn
    .type upyml_sparse_turn, %function
    .thumb_func
    .balign 4
upyml_sparse_turn:
    .rept TURN
    ldm r0!, {r1-r3}
    add r1, r8
    ldr r1, [r1]
    DOT r4 r2
    DOT r5 r3
    ldm r0!, {r2, r3}
    DOT r6 r2
    DOT r7 r3
    .endr
    cmp r0, r11
    beq 1f
    b upyml_sparse_turn
1:  mov pc, r10

// void upyml_expand_sparse(groups, end, list, places)
// Groups of a block as they lie in the file, on a word, from the first up to `end`: to a list of upyml_sparse_pair. There is
// at least one. places: upyml_sparse_places, those of the list are words of packed rows then. 27 cycles a pair.
    .equ ROW_END, 8

    // r4: place of a pair in the file. r9: where the places of its kernel row end, r10: bytes that rows before leave out.
    .macro PAIR place
    cmp r4, r9
    bhs next_row\place
there\place:
    add r4, r10
    ldm r0!, {r5, r7}
    lsrs r6, r5, #8
    lsrs r3, r7, #8
    ands r5, r2
    ands r6, r2
    ands r7, r2
    ands r3, r2
    add r5, r12
    add r6, r12
    add r7, r12
    add r3, r12
    stm r1!, {r4-r7}
    stm r1!, {r3}
    .endm

    .macro NEXT_ROW place
next_row\place:
    mov r3, lr
    ldm r3!, {r5, r6}
    add r9, r5
    add r10, r6
    cmp r4, r9
    bhs next_row\place
    b there\place
    .endm

    .global upyml_expand_sparse
    .type upyml_expand_sparse, %function
    .thumb_func
upyml_expand_sparse:
    SAVE_REGISTERS
    mov lr, r3
    mov r11, r1
    movs r1, r2
    adds r3, #ROW_END
    ldm r3!, {r4, r5}
    mov r9, r4
    mov r10, r5
    ldr r2, =-0x00800080
    mov r12, r2
    ldr r2, =0x00ff00ff
group:
    ldm r0!, {r5}
    mov r8, r5
    uxth r4, r5
    PAIR 0
    mov r4, r8
    lsrs r4, #16
    PAIR 1
    cmp r0, r11
    bne group
    RESTORE_REGISTERS
    NEXT_ROW 0
    NEXT_ROW 1
    .ltorg
