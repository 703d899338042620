// void upyml_fully_connected_sparse_dot(groups, end, x, sums): adds x * w to the sums of a block of four channels, whose groups
// of two pairs lie in the file (weights_sparse.h), on a word. x: packed pairs of the whole input.
//
// A group is 26 instructions for 16 products that are not left out: UXTB16 makes pairs of w + 128 as SMLADX asks for them,
// and 128 times the sum of the pairs of x that the block has is taken off at its end.
#include "hot.h"

    .syntax unified
    .thumb

    // r0 the next group, r2, r3 words of x, r4 to r7 sums, r8, r9 weights, r10 end, r11 two ones, lr sum of x
    .macro TWO_CHANNELS sum0, sum1, x, weights
    uxtb16 r12, \weights
    smladx \sum0, \x, r12, \sum0
    uxtb16 \weights, \weights, ror #8
    smladx \sum1, \x, \weights, \sum1
    .endm

    UPYML_HOT
    .balign 4
    .global upyml_fully_connected_sparse_dot
    .type upyml_fully_connected_sparse_dot, %function
    .thumb_func
upyml_fully_connected_sparse_dot:
    push {r3-r11, lr}
    mov r10, r1
    mov r1, r2
    ldm r3, {r4-r7}
    mov r11, #0x00010001
    movs r2, #0
    mov lr, r2
    cmp r0, r10
    beq 2f
1:  ldrh r2, [r0], #20
    ldrh r3, [r0, #-18]
    ldrd r8, r9, [r0, #-16]
    ldr r2, [r1, r2]
    ldr r3, [r1, r3]
    smlad lr, r2, r11, lr
    smlad lr, r3, r11, lr
    TWO_CHANNELS r4, r5, r2, r8
    TWO_CHANNELS r6, r7, r2, r9
    ldrd r8, r9, [r0, #-8]
    TWO_CHANNELS r4, r5, r3, r8
    TWO_CHANNELS r6, r7, r3, r9
    cmp r0, r10
    bne 1b
2:  pop {r3}
    .irp sum, r4, r5, r6, r7
    sub \sum, \sum, lr, lsl #7
    .endr
    stm r3, {r4-r7}
    pop {r4-r11, pc}
