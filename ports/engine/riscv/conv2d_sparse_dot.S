// void upyml_conv2d_sparse_dot(const upyml_conv2d_line_dot *line)
// As upyml_conv2d_dot, with a list of pairs of k in the place of the weights: upyml_sparse_pair, where `at` counts from the
// pair before. words: pairs, whole twos, may be 0; segments are not looked at.
// The pixels' addresses walk with the list, which takes 5 instructions more than a word of dense weights: 77 for 32 products.
#include "conv2d_line.inc"

    .macro PAIR place
    lw x, \place(weights)
    .irp pixel, pixel0, pixel1, pixel2, pixel3
    add \pixel, \pixel, x
    .endr
    lw w0, \place + 4(weights)
    lw w1, \place + 8(weights)
    lw w2, \place + 12(weights)
    lw w3, \place + 16(weights)
    PIXEL pixel0 0 s2 s3 s4 s5
    PIXEL pixel1 0 s6 s7 s8 s9
    PIXEL pixel2 0 s10 s11 t3 t4
    PIXEL pixel3 0 t5 t6 a6 a7
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_conv2d_sparse_dot
    .type upyml_conv2d_sparse_dot, %function
upyml_conv2d_sparse_dot:
    START_LINE
    lw a1, X(a0)
    sw a1, GROUP_X(sp)
    lw a1, WEIGHTS(a0)
    sw a1, FIRST_WEIGHTS(sp)
    lw a2, WORDS(a0)
    li a3, 20
    mul a2, a2, a3
    add a2, a2, a1
    sw a2, END(sp)

group:
    START_GROUP
    lw weights, FIRST_WEIGHTS(sp)
    lw a4, END(sp)
    beq weights, a4, 2f
1:  PAIR 0
    PAIR 20
    addi weights, weights, 40
    lw a4, END(sp)
    bne weights, a4, 1b
2:
    FINISH_GROUP
