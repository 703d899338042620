// An Xtensa core without a system: what it does where a call or a return finds no free registers, where it stops, and its
// start. A window's a0 to a3 are saved below the stack pointer of the function that it called; a4 to a7 of one that calls
// with call8 below the stack pointer of its own caller, 16 bytes further.

    .macro move4 how, r0, r1, r2, r3, base, at
    \how \r0, \base, \at
    \how \r1, \base, \at + 4
    \how \r2, \base, \at + 8
    \how \r3, \base, \at + 12
    .endm

    .section .vectors, "ax"
overflow4:
    move4 s32e, a0, a1, a2, a3, a5, -16
    rfwo
    .org overflow4 + 0x40
underflow4:
    move4 l32e, a0, a1, a2, a3, a5, -16
    rfwu
    .org overflow4 + 0x80
overflow8:
    s32e a0, a9, -16
    l32e a0, a1, -12
    s32e a1, a9, -12
    s32e a2, a9, -8
    s32e a3, a9, -4
    move4 s32e, a4, a5, a6, a7, a0, -32
    rfwo
    .org overflow4 + 0xc0
underflow8:
    move4 l32e, a0, a1, a2, a3, a9, -16
    l32e a7, a1, -12
    move4 l32e, a4, a5, a6, a7, a7, -32
    rfwu
    .org overflow4 + 0x300
    wsr.excsave1 a0
    j exception
    .org overflow4 + 0x340
    j stopped
    .org overflow4 + 0x3c0
    j stopped

    .section .reset, "ax"
    .global reset
reset:
    j 1f
    .align 4
    .literal_position
1:  movi a0, start
    jx a0

    .text
    .literal_position
    .align 4
// MULSH, which an ESP32 has and QEMU's core has not: mulsh ar, as, at is the bytes t << 4, r << 4 | s, 0xb2. Without a
// branch but to the end: each one takes TRAP instructions of machine.h.
exception:
    movi a0, registers
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    s32i a\n, a0, 4 * \n
    .endr
    rsr.excsave1 a1
    s32i a1, a0, 0
    rsr.exccause a2
    rsr.epc1 a1
    bnez a2, stopped  // no illegal instruction
    l8ui a2, a1, 2
    movi a3, 0xb2
    bne a2, a3, stopped
    l8ui a4, a1, 0
    l8ui a5, a1, 1
    addi a1, a1, 3
    wsr.epc1 a1
    extui a6, a5, 0, 4
    addx4 a6, a6, a0
    l32i a6, a6, 0  // as
    extui a7, a4, 4, 4
    addx4 a7, a7, a0
    l32i a7, a7, 0  // at
    extui a5, a5, 4, 4
    addx4 a5, a5, a0
    extui a8, a6, 0, 16
    extui a9, a7, 0, 16
    extui a10, a6, 16, 16
    extui a11, a7, 16, 16
    mull a12, a8, a9
    extui a12, a12, 16, 16
    mull a13, a10, a9
    add a12, a12, a13
    mull a13, a8, a11
    extui a14, a12, 0, 16
    add a13, a13, a14
    mull a14, a10, a11
    extui a12, a12, 16, 16
    add a14, a14, a12
    extui a13, a13, 16, 16
    add a14, a14, a13  // the high word of the product without signs
    srai a8, a6, 31
    and a8, a8, a7
    sub a14, a14, a8
    srai a9, a7, 31
    and a9, a9, a6
    sub a14, a14, a9
    s32i a14, a5, 0
    movi a1, machine_traps
    l32i a2, a1, 0
    addi a2, a2, 1
    s32i a2, a1, 0
    .irp n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    l32i a\n, a0, 4 * \n
    .endr
    l32i a0, a0, 0
    rfe

    .align 4
stopped:
    movi a2, 4  // write
    movi a3, 1
    movi a4, stopped_text
    movi a5, 22
    simcall 0
    movi a2, 1  // exit
    movi a3, 1
    simcall 0

    .global start
    .align 4
start:
    movi a0, 0
    movi a2, 1
    wsr.windowstart a2
    wsr.windowbase a0
    rsync
    movi a2, 0x4000f  // windows, no interrupts
    wsr.ps a2
    rsync
    movi a1, stack_top
    call4 bench
    ill

    .section .bss
    .balign 4
registers:
    .space 64
    .global machine_traps
machine_traps:
    .space 4

    .section .rodata
stopped_text:
    .ascii "the processor stopped\n"
