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
exception:
    j stopped
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

    .section .rodata
stopped_text:
    .ascii "the processor stopped\n"
