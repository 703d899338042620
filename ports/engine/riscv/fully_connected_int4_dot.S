// void upyml_fully_connected_int4_dot(weights, x, groups, sums): adds to the sums of four channels x * (w + 8), from weights of
// four bits as they lie in the file, on a word. x: packed pairs. groups: of eight k, at least 1.
//
// A mask gives a pair of a word, (w[k] + 8 << 16) + w[k + 1] + 8: the upper half of its product with one of x is a sum of
// two products (conv2d_dot.S), at most 2 * 15 * 128 in size, so four of them are added before the halves are split.
// 79 instructions for 32 products.
#include "hot.h"

#define weights a0
#define x a1
#define end a2
#define sums a3
#define x0 a4
#define x1 a5
#define x2 a6
#define x3 a7
#define mask t0
#define half t1
#define word t2
#define pair ra
#define products s1

    .macro PAIR shift value
    srli pair, word, \shift
    and pair, pair, mask
    mul pair, pair, \value
    add products, products, pair
    .endm

    .macro CHANNEL place sum
    lw word, \place(weights)
    and pair, word, mask
    mul products, pair, x0
    PAIR 4 x1
    PAIR 8 x2
    PAIR 12 x3
    add products, products, half
    srai products, products, 16
    add \sum, \sum, products
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_fully_connected_int4_dot
    .type upyml_fully_connected_int4_dot, %function
upyml_fully_connected_int4_dot:
    addi sp, sp, -16
    sw ra, 12(sp)
    sw s1, 8(sp)
    slli end, end, 4
    add end, end, x
    li mask, 0x000f000f
    li half, 0x8000
    lw t3, (sums)
    lw t4, 4(sums)
    lw t5, 8(sums)
    lw t6, 12(sums)
1:  lw x0, (x)
    lw x1, 4(x)
    lw x2, 8(x)
    lw x3, 12(x)
    CHANNEL 0 t3
    CHANNEL 4 t4
    CHANNEL 8 t5
    CHANNEL 12 t6
    addi x, x, 16
    addi weights, weights, 16
    bne x, end, 1b
    sw t3, (sums)
    sw t4, 4(sums)
    sw t5, 8(sums)
    sw t6, 12(sums)
    lw ra, 12(sp)
    lw s1, 8(sp)
    addi sp, sp, 16
    ret
