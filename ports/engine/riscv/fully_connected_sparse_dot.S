// void upyml_fully_connected_sparse_dot(groups, end, x, sums): adds x * w to the sums of a block of four channels, whose groups
// of two pairs lie in the file (weights_sparse.h), at an even address. x: the input's bytes.
//
// Weights are taken with their bias of 128, and 128 times the sum of the x that the block has is taken off at its end.
// 64 instructions for 16 products that are not left out.
#include "hot.h"

#define group a0
#define end a1
#define x a2
#define sums a3
#define at a4
#define value0 a5
#define value1 a6
#define weight a7
#define sum_of_x t0

    .macro DOT sum place value
    lbu weight, \place(group)
    mul weight, weight, \value
    add \sum, \sum, weight
    .endm

    .macro PAIR number
    lhu at, 2 * \number(group)
    srli at, at, 1
    add at, at, x
    lb value0, (at)
    lb value1, 1(at)
    DOT t3 4+8*\number+2 value0
    DOT t4 4+8*\number+3 value0
    DOT t5 4+8*\number+6 value0
    DOT t6 4+8*\number+7 value0
    DOT t3 4+8*\number value1
    DOT t4 4+8*\number+1 value1
    DOT t5 4+8*\number+4 value1
    DOT t6 4+8*\number+5 value1
    add sum_of_x, sum_of_x, value0
    add sum_of_x, sum_of_x, value1
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_fully_connected_sparse_dot
    .type upyml_fully_connected_sparse_dot, %function
upyml_fully_connected_sparse_dot:
    li sum_of_x, 0
    lw t3, (sums)
    lw t4, 4(sums)
    lw t5, 8(sums)
    lw t6, 12(sums)
    beq group, end, 2f
1:  PAIR 0
    PAIR 1
    addi group, group, 20
    bne group, end, 1b
2:  slli sum_of_x, sum_of_x, 7
    .irp sum, t3, t4, t5, t6
    sub \sum, \sum, sum_of_x
    .endr
    sw t3, (sums)
    sw t4, 4(sums)
    sw t5, 8(sums)
    sw t6, 12(sums)
    ret
