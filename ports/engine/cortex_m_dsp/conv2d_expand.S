// void upyml_conv2d_expand_quads(weights, words, quads): four k of the four channels a turn, from a word of the file's bytes
// each to two pairs: 16 instructions for 16 weights. weights: on a word. quads: at least 1.
//
// The bytes are w + 128 of k = 1, 3, 0, 2: with its highest bit flipped each is w, and SXTB16 takes two of them apart.
#include "hot.h"

    .syntax unified
    .thumb

    UPYML_HOT
    .balign 4
    .global upyml_conv2d_expand_quads
    .type upyml_conv2d_expand_quads, %function
    .thumb_func
upyml_conv2d_expand_quads:
    push {r4-r11, lr}
    mov r3, #0x80808080
1:  ldm r0!, {r4-r7}
    .irp channel, 4, 5, 6, 7
    eor r\channel, r3
    .endr
    sxtb16 r8, r4, ror #8
    sxtb16 r9, r5, ror #8
    sxtb16 r10, r6, ror #8
    sxtb16 r11, r7, ror #8
    .irp channel, 4, 5, 6, 7
    sxtb16 r\channel, r\channel
    .endr
    stm r1!, {r4-r11}
    subs r2, #1
    bne 1b
    pop {r4-r11, pc}
