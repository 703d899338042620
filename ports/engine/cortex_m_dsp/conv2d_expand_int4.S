// void upyml_conv2d_expand_int4(weights, words, groups): eight k of the four channels a turn, from a word of the file's
// nibbles each to four pairs: 39 instructions for 32 weights. weights: on a word. groups: at least 1.
#include "hot.h"

    .syntax unified
    .thumb

    UPYML_HOT
    .balign 4
    .global upyml_conv2d_expand_int4
    .type upyml_conv2d_expand_int4, %function
    .thumb_func
upyml_conv2d_expand_int4:
    push {r4-r11, lr}
    mov r3, #0x000f000f
    mov r12, #0x00080008
1:  ldm r0!, {r4-r7}
    .irp shift, 0, 4, 8, 12
    .if \shift
    and r8, r3, r4, lsr #\shift
    and r9, r3, r5, lsr #\shift
    and r10, r3, r6, lsr #\shift
    and r11, r3, r7, lsr #\shift
    .else
    and r8, r3, r4
    and r9, r3, r5
    and r10, r3, r6
    and r11, r3, r7
    .endif
    .irp pair, r8, r9, r10, r11
    ssub16 \pair, \pair, r12
    .endr
    stm r1!, {r8-r11}
    .endr
    subs r2, #1
    bne 1b
    pop {r4-r11, pc}
