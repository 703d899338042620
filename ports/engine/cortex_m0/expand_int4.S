// void upyml_expand_int4(weights, words, pairs)
// A kernel row of a block's weights of four bits, as they lie in the file, on a word: to words of two, for each two k one a
// channel, (w[k] << 16) + w[k + 1]. pairs: of k, at least 1; only these are written. 2.9 cycles a weight.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // Two k of four channels: nibbles w + 8 in words shifted to where the mask is.
    .macro PAIR shift
    .irp four, r4, r5, r6, r7
    .if \shift
    lsrs r3, \four, #\shift
    .else
    movs r3, \four
    .endif
    ands r3, r2
    add r3, r12
    stm r1!, {r3}
    .endr
    .endm

    UPYML_HOT
    .global upyml_expand_int4
    .type upyml_expand_int4, %function
    .thumb_func
upyml_expand_int4:
    push {r4-r7, lr}
    lsls r2, #4
    adds r2, r1
    mov lr, r2  // end of the words
    ldr r2, =-0x00080008
    mov r12, r2
    ldr r2, =0x000f000f
group:
    ldm r0!, {r4-r7}
    .irp shift, 0, 4, 8
    PAIR \shift
    cmp r1, lr
    beq done
    .endr
    PAIR 12
    cmp r1, lr
    bne group
done:
    pop {r4-r7, pc}
    .ltorg
