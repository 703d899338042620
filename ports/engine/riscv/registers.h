// For assembly files: a frame for what a function calls its own, and where its saved registers lie.
    .equ SAVED, 52  // bytes of them, at the stack pointer

    .macro SAVE frame
    addi sp, sp, -\frame
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    sw s\i, 4 * \i(sp)
    .endr
    sw ra, 48(sp)
    .endm

    .macro RESTORE_AND_RETURN frame
    .irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    lw s\i, 4 * \i(sp)
    .endr
    lw ra, 48(sp)
    addi sp, sp, \frame
    ret
    .endm
