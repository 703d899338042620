// void upyml_fully_connected_dots(const uint8_t *const blocks[4], x, quads, bias, too_much, accumulators)
// The accumulators of 16 channels, four blocks of four: bias - too_much + the sum of x by the biased weights. bias and
// accumulators may be the same. quads: number of four k, may be 0. Weights are bytes as they lie in the file, at any
// address: a word a channel, w + 128 of k = 1, 3, 0, 2.
// A pair of weights from a word would take 3.5 instructions a product, a load of each byte takes 3: 202 for 64 products.
#include "hot.h"
#include "registers.h"

    .equ FRAME, 64
    .equ ACCUMULATORS, SAVED

#define block0 a0
#define x a1
#define x_end a2
#define block1 a3
#define block2 a4
#define block3 a5
#define value a6
#define weight a7

    .macro DOT accumulator place block
    lbu weight, \place(\block)
    mul weight, weight, value
    add \accumulator, \accumulator, weight
    .endm

    .macro BLOCK block place accumulator0 accumulator1 accumulator2 accumulator3
    DOT \accumulator0 \place \block
    DOT \accumulator1 \place+4 \block
    DOT \accumulator2 \place+8 \block
    DOT \accumulator3 \place+12 \block
    .endm

    .macro VALUE k place
    lb value, \k(x)
    BLOCK block0 \place s0 s1 s2 s3
    BLOCK block1 \place s4 s5 s6 s7
    BLOCK block2 \place s8 s9 s10 s11
    BLOCK block3 \place t3 t4 t5 t6
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_fully_connected_dots
    .type upyml_fully_connected_dots, %function
upyml_fully_connected_dots:
    SAVE FRAME
    sw a5, ACCUMULATORS(sp)
    .set place, 0
    .irp accumulator, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6
    lw \accumulator, place(a3)
    sub \accumulator, \accumulator, a4
    .set place, place + 4
    .endr
    slli x_end, x_end, 2
    add x_end, x_end, x
    beq x, x_end, 2f
    lw block1, 4(a0)
    lw block2, 8(a0)
    lw block3, 12(a0)
    lw block0, 0(a0)
1:  VALUE 0 2
    VALUE 1 0
    VALUE 2 3
    VALUE 3 1
    addi x, x, 4
    addi block0, block0, 16
    addi block1, block1, 16
    addi block2, block2, 16
    addi block3, block3, 16
    bne x, x_end, 1b
2:  lw a3, ACCUMULATORS(sp)
    .set place, 0
    .irp accumulator, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6
    sw \accumulator, place(a3)
    .set place, place + 4
    .endr
    RESTORE_AND_RETURN FRAME
