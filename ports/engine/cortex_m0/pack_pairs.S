// void upyml_pack_pairs(x, words, pairs): bytes at any address to words (x[k + 1] << 16) + x[k].
// Cycles a value: 3.6 from a word on, else 6. pairs may be 0.
#include "hot.h"

    .syntax unified
    .cpu cortex-m0plus
    .thumb

    // The four bytes of `word` to the pairs in `word` and `low`.
    .macro SPLIT word low
    sxtb \low, \word
    lsls r7, \word, #16
    asrs r7, #24
    lsls r7, #16
    adds \low, r7
    lsls r7, \word, #8
    asrs r7, #24
    asrs \word, #24
    lsls \word, #16
    adds \word, r7
    .endm

    UPYML_HOT
    .global upyml_pack_pairs
    .type upyml_pack_pairs, %function
    .thumb_func
upyml_pack_pairs:
    push {r4-r7, lr}
    lsls r3, r0, #30
    bne 2f
    lsrs r3, r2, #2  // turns of eight bytes
    beq 2f
    lsls r4, r3, #2
    subs r2, r4
1:  ldm r0!, {r5, r6}
    SPLIT r5 r4
    stm r1!, {r4, r5}
    SPLIT r6 r5
    stm r1!, {r5, r6}
    subs r3, #1
    bne 1b
2:  movs r3, #0
    movs r4, #1
    b 4f
3:  ldrsb r5, [r0, r3]
    ldrsb r6, [r0, r4]
    lsls r6, #16
    adds r5, r6
    stm r1!, {r5}
    adds r0, #2
4:  subs r2, #1
    bpl 3b
    pop {r4-r7, pc}
