// For assembly files: what requantization.h says, in registers.

    // upyml_prepared
    .equ Q_MULTIPLIER, 0
    .equ Q_OFFSET, 4
    .equ Q_SHIFT, 8
    .equ Q_RANGE, 12
    .equ Q_LOW, 16
    .equ Q_BYTES, 32

    // value: 4 * the accumulator; goes to `place` bytes behind `output`. All but `value` and `rest` stay as they are.
    .macro REQUANTIZE value rest multiplier offset shift range low place output
    mulh \value, \value, \multiplier
    srai \rest, \value, 31
    add \value, \value, \rest
    add \value, \value, \rest
    add \value, \value, \offset
    sra \value, \value, \shift
    bltu \range, \value, 8f
9:  add \value, \value, \low
    sb \value, \place(\output)
    .subsection 1
8:  not \value, \value  // the sign of a value above the range now, which turns into the range, else into 0
    srai \value, \value, 31
    and \value, \value, \range
    j 9b
    .previous
    .endm
