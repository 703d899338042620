// void upyml_fully_connected_int4_dot(weights, x, groups, sums): adds to the sums of four channels x * (w + 8), from weights of
// four bits as they lie in the file, on a word. groups: of eight k, at least 1. What the 8 add is the same for all channels.
//
// A word of the file has four pairs in the order that SMLADX asks for, each a shift and a mask away, which is one
// instruction: four channels by eight k are 35, 1.09 a product, and 1.14 with the loop.
#include "hot.h"

    .syntax unified
    .thumb

    // r0 weights, r1 x, r2, r3 words of x, r4 to r7 sums, r8 to r11 weights, lr mask; on the stack the end of x and sums
    .macro TWO_PAIRS first, second
    ldrd r2, r3, [r1], #8
    .irp channel, 4, 5, 6, 7
    .if \first
    and r12, lr, WEIGHTS_\channel, lsr #\first
    .else
    and r12, lr, WEIGHTS_\channel
    .endif
    smladx r\channel, r2, r12, r\channel
    and r12, lr, WEIGHTS_\channel, lsr #\second
    smladx r\channel, r3, r12, r\channel
    .endr
    .endm
WEIGHTS_4 .req r8
WEIGHTS_5 .req r9
WEIGHTS_6 .req r10
WEIGHTS_7 .req r11

    .macro GROUP
    ldm r0!, {r8-r11}
    TWO_PAIRS 0, 4
    TWO_PAIRS 8, 12
    .endm

    UPYML_HOT
    .balign 4
    .global upyml_fully_connected_int4_dot
    .type upyml_fully_connected_int4_dot, %function
    .thumb_func
upyml_fully_connected_int4_dot:
    push {r3-r11, lr}
    add r12, r1, r2, lsl #4
    push {r12, lr}
    ldm r3, {r4-r7}
    mov lr, #0x000f000f
    lsrs r2, #1
    bcs 2f
1:  GROUP
2:  GROUP
    ldr r12, [sp]
    cmp r1, r12
    bne 1b
    pop {r2, r3}
    pop {r3}
    stm r3, {r4-r7}
    pop {r4-r11, pc}
