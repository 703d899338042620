// For assembly files: what requantization.h says, in registers.

    // upyml_prepared
    .equ Q_MULTIPLIER, 0
    .equ Q_OFFSET, 4
    .equ Q_SHIFT, 8
    .equ Q_BELOW, 12
    .equ Q_RANGE, 16
    .equ Q_LOW, 20
    .equ Q_BYTES, 36

    // value: 4 * the accumulator; goes to `place` bytes behind `output`. below: a register or a number. Changes `value` only.
    .macro REQUANTIZE value multiplier offset shift below range low place output
    mulh \value, \value, \multiplier
    bgez \value, 6f
    add \value, \value, \below
6:  add \value, \value, \offset
    sra \value, \value, \shift
    bltu \range, \value, 7f
    add \value, \value, \low
8:  sb \value, \place(\output)
9:
    .subsection 1
7:  bgez \value, 7f
    sb \low, \place(\output)
    j 9b
7:  add \value, \range, \low
    j 8b
    .previous
    .endm
