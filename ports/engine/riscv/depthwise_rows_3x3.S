// void upyml_depthwise_rows_3x3(const upyml_depthwise_rows *rows)
// Windows of 3x3 along the rows of a plane of bytes, see depthwise.h. Weights, bias and requantization stay in registers.
// Each column of three values is loaded once and serves the windows that it is part of: as the last column of one, which is
// requantized then, as the first of another and, with stride 1, as the middle of a third. So many accumulators take turns:
// the loop's body has the code of each turn, and is entered where it makes the columns come out even. Instructions a
// pixel: 31 with stride 1, 35 with stride 2, and 40 a row.
#include "hot.h"
#include "registers.h"
#include "requantize_value.h"

    // upyml_depthwise_rows
    .equ WEIGHTS, 0
    .equ BIAS, 4
    .equ Q, 8
    .equ X, 12
    .equ TAP_ROW, 16
    .equ NEXT_ROW, 20
    .equ OUTPUT, 24
    .equ OUT_STEP, 28
    .equ COLUMNS, 32
    .equ ROWS, 36
    .equ STRIDE, 40

    // On the stack, behind the saved registers.
    .equ ROW, SAVED  // of windows, less the columns that the first turn leaves out
    .equ ROWS_LEFT, SAVED + 4
    .equ ENTRY, SAVED + 8  // the code that starts a row
    .equ SPAN, SAVED + 12  // columns of x that the turns go on by
    .equ NEXT_TAPS, SAVED + 16  // TAP_ROW, NEXT_ROW
    .equ NEXT_WINDOWS, SAVED + 20
    .equ FRAME, 80

#define row0 a0
#define row1 a1
#define row2 a2
#define output a3
#define out_step a4
#define end a5  // in row0
#define x0 t0
#define x1 t1
#define x2 t2
#define product t3
#define sum0 t4
#define sum1 t5
#define sum2 a6
#define bias s9

    .macro COLUMN place
    lb x0, \place(row0)
    lb x1, \place(row1)
    lb x2, \place(row2)
    .endm

    // The column's products with column 0, 1 or 2 of the kernel.
    .macro BEGIN_SUM sum
    mul \sum, x0, s0
    mul product, x1, s3
    add \sum, \sum, bias
    add \sum, \sum, product
    mul product, x2, s6
    add \sum, \sum, product
    .endm

    .macro ADD_COLUMN sum w0 w1 w2
    mul product, x0, \w0
    add \sum, \sum, product
    mul product, x1, \w1
    add \sum, \sum, product
    mul product, x2, \w2
    add \sum, \sum, product
    .endm

    .macro ADD_MIDDLE sum
    ADD_COLUMN \sum s1 s4 s7
    .endm

    .macro END_SUM sum
    ADD_COLUMN \sum s2 s5 s8
    .endm

    .macro WRITE sum
    REQUANTIZE \sum, s10, s11, a7, -2, ra, t6, 0, output
    add output, output, out_step
    .endm

    // One pixel with stride 1: `sum` has two columns, `next` one.
    .macro PIXEL column sum next begun
    COLUMN \column
    END_SUM \sum
    ADD_MIDDLE \next
    BEGIN_SUM \begun
    WRITE \sum
    .endm

    // One with stride 2: `sum` has one column.
    .macro PIXEL_OF_TWO column sum begun
    COLUMN \column
    ADD_MIDDLE \sum
    COLUMN \column+1
    END_SUM \sum
    BEGIN_SUM \begun
    WRITE \sum
    .endm

    .macro NEXT columns again
    addi row0, row0, \columns
    addi row1, row1, \columns
    addi row2, row2, \columns
    bne row0, end, \again
    .endm

    UPYML_HOT
    .p2align 2
    .global upyml_depthwise_rows_3x3
    .type upyml_depthwise_rows_3x3, %function
upyml_depthwise_rows_3x3:
    SAVE FRAME
    lw a1, WEIGHTS(a0)
    lw bias, BIAS(a0)
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8
    lb s\i, \i(a1)
    slli s\i, s\i, 2  // the requantization wants four times the sum
    .endr
    slli bias, bias, 2
    lw a1, Q(a0)
    lw s10, Q_MULTIPLIER(a1)
    lw s11, Q_OFFSET(a1)
    lw a7, Q_SHIFT(a1)
    lw ra, Q_RANGE(a1)
    lw t6, Q_LOW(a1)
    lw output, OUTPUT(a0)
    lw out_step, OUT_STEP(a0)
    lw t0, ROWS(a0)
    sw t0, ROWS_LEFT(sp)
    lw t0, COLUMNS(a0)
    lw t1, STRIDE(a0)
    lw t4, X(a0)
    addi t1, t1, -1
    beqz t1, 1f
    // stride 2: turns of two pixels
    andi t1, t0, 1
    add t0, t0, t1
    slli t0, t0, 1
    slli t1, t1, 1
    lla t2, two_0
    beqz t1, 3f
    lla t2, two_1
    j 3f
1:  // stride 1: turns of three
    li t2, 3
    remu t1, t0, t2
    beqz t1, 2f
    sub t1, t2, t1
2:  add t0, t0, t1
    lla t2, one_0
    beqz t1, 3f
    lla t2, one_1
    addi t3, t1, -1
    beqz t3, 3f
    lla t2, one_2
3:  sub t4, t4, t1
    sw t0, SPAN(sp)
    sw t2, ENTRY(sp)
    sw t4, ROW(sp)
    lw t0, TAP_ROW(a0)
    lw t1, NEXT_ROW(a0)
    sw t0, NEXT_TAPS(sp)
    sw t1, NEXT_WINDOWS(sp)

row:
    lw row0, ROW(sp)
    lw t1, NEXT_TAPS(sp)
    lw t2, NEXT_WINDOWS(sp)
    add row1, row0, t1
    add row2, row1, t1
    add t2, t2, row0
    sw t2, ROW(sp)
    lw end, SPAN(sp)
    lw t3, ENTRY(sp)
    add end, end, row0
    jr t3

    // The first columns of a row, with the accumulators in the order of the turn that follows. x: where the first lies.
    .macro START_ONE x sum next
    COLUMN \x
    BEGIN_SUM \sum
    COLUMN \x+1
    ADD_MIDDLE \sum
    BEGIN_SUM \next
    .endm

    .macro START_TWO x sum
    COLUMN \x
    BEGIN_SUM \sum
    .endm

one_2:
    START_ONE 2 sum2 sum0
    j 2f
one_1:
    START_ONE 1 sum1 sum2
    j 1f
one_0:
    START_ONE 0 sum0 sum1
turn_one:
    PIXEL 2 sum0 sum1 sum2
1:  PIXEL 3 sum1 sum2 sum0
2:  PIXEL 4 sum2 sum0 sum1
    NEXT 3 turn_one
    j row_done

two_1:
    START_TWO 2 sum1
    j 1f
two_0:
    START_TWO 0 sum0
turn_two:
    PIXEL_OF_TWO 1 sum0 sum1
1:  PIXEL_OF_TWO 3 sum1 sum0
    NEXT 4 turn_two

row_done:
    lw t0, ROWS_LEFT(sp)
    addi t0, t0, -1
    sw t0, ROWS_LEFT(sp)
    bnez t0, row
    RESTORE_AND_RETURN FRAME
