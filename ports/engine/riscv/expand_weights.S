// void upyml_expand_weights(weights, words, pairs)
// A block's weights as they lie in the file, on a word, to words of two: for each two k one a channel,
// (w[k] << 16) + w[k + 1]. pairs: of k, at least 1; an odd number ends in the middle of four k. 2.25 instructions a weight.
#include "hot.h"

#define weights a0
#define words a1
#define end a2
#define low_bytes a3
#define biases a4

    UPYML_HOT
    .p2align 2
    .global upyml_expand_weights
    .type upyml_expand_weights, %function
upyml_expand_weights:
    slli end, end, 4
    add end, end, words
    li low_bytes, 0x00ff00ff
    li biases, 0x00800080
    // Four k of four channels, a word each: the bytes w + 128 lie as k = 1, 3, 0, 2.
1:  lw a5, (weights)
    lw a6, 4(weights)
    lw a7, 8(weights)
    lw t0, 12(weights)
    .set place, 0
    .irp four, a5, a6, a7, t0
    and t1, \four, low_bytes
    sub t1, t1, biases
    sw t1, place(words)
    .set place, place + 4
    .endr
    addi words, words, 32
    bgtu words, end, 2f
    .set place, -16
    .irp four, a5, a6, a7, t0
    srli t1, \four, 8
    and t1, t1, low_bytes
    sub t1, t1, biases
    sw t1, place(words)
    .set place, place + 4
    .endr
    addi weights, weights, 16
    bne words, end, 1b
2:  ret
