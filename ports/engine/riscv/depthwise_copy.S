// void upyml_depthwise_copy(const int8_t *x, int8_t *to, columns, rows, step, row_bytes)
// One channel of rows of the input, its values `step` bytes apart, to rows of a plane `row_bytes` apart, which start with
// `columns` values. columns, rows: at least 1. 3.25 instructions a value and 6 a row.
#include "hot.h"

    .option norelax

    .equ TURN, 8  // values a turn; the first turn of a row starts where it makes it come out even
    .equ VALUE_CODE, 10  // bytes

#define x a0
#define to a1
#define end a2
#define rows a3
#define step a4
#define row_bytes a5

    UPYML_HOT
    .p2align 2
    .global upyml_depthwise_copy
    .type upyml_depthwise_copy, %function
upyml_depthwise_copy:
    neg t0, a2
    andi t0, t0, TURN - 1  // values to leave out
    sub to, to, t0
    add a2, a2, t0
    sub row_bytes, row_bytes, a2
    mv t1, a2
    lla t2, turn
    li t3, VALUE_CODE
    mul t3, t3, t0
    add t2, t2, t3
row:
    add end, to, t1
    jr t2
turn:
    .set place, 0
    .rept TURN
    lb t0, (x)
    add x, x, step
    sb t0, place(to)
    .set place, place + 1
    .endr
    .if (. - turn) - TURN * VALUE_CODE
    .error "the code of a value is not of VALUE_CODE bytes"
    .endif
    addi to, to, TURN
    bne to, end, turn
    add to, to, row_bytes
    addi rows, rows, -1
    bnez rows, row
    ret
