// What C cannot say on a core with register windows: the program's start, calls to the system (Linux, emulated by
// qemu-xtensa), and the three places that need the callers' registers in memory.
//
// A caller's a0..a3 are saved in the 16 bytes below its callee's stack pointer; a4..a7 of a function that calls with
// call8 (the compiler uses no other call) 32 bytes below the stack pointer of the function's own caller.

    .macro copy4 from, from_offset, to, to_offset, through
    .irp offset, 0, 4, 8, 12
    l32i \through, \from, \from_offset + \offset
    s32i \through, \to, \to_offset + \offset
    .endr
    .endm

    .text
    .literal_position

// Linux starts a program with argc, argv[0], argv[1] ... at the stack pointer.
    .global _start
    .type _start, @function
    .align 4
_start:
    movi a0, 0              // where a debugger stops
    mov a6, a1
    call4 host_start
    ill

// int host_call(int number, a, b, c, d, e, f): a system call; its answer, or a negative errno.
    .global host_call
    .type host_call, @function
    .align 4
host_call:
    entry a1, 32
    mov a8, a7              // e
    mov a7, a3              // a, for the moment
    mov a3, a4              // b
    mov a4, a5              // c
    mov a5, a6              // d
    mov a6, a7
    l32i a9, a1, 32         // f
    syscall
    retw

// void spill_windows(void): the registers of all callers are in memory, in their save areas.
    .global spill_windows
    .type spill_windows, @function
    .align 4
spill_windows:
    entry a1, 32
    movi a10, 8             // 8 calls of 8 registers: all 64 of them
    call8 spill_deeper
    retw

    .type spill_deeper, @function
    .align 4
spill_deeper:
    entry a1, 32
    beqz a2, 1f
    addi a10, a2, -1
    call8 spill_deeper
1:  retw

// int setjmp(jmp_buf): words 0..7 are the caller's a0..a7, 12..15 its own caller's a0..a3, 16 the return address.
    .global setjmp
    .type setjmp, @function
    .align 4
setjmp:
    entry a1, 48
    call8 spill_windows
    addi a4, a1, -16
    copy4 a4, 0, a2, 0, a7
    l32i a4, a4, 4          // the caller's stack pointer
    addi a4, a4, -16
    copy4 a4, 0, a2, 48, a7
    l32i a4, a4, 4          // that of its caller
    addi a4, a4, -32
    copy4 a4, 0, a2, 16, a7
    s32i a0, a2, 64
    movi a2, 0
    retw

// void longjmp(jmp_buf, int value): puts setjmp's frame and what it had saved back in place, and returns from there.
    .global longjmp
    .type longjmp, @function
    .align 4
longjmp:
    entry a1, 48
    call8 spill_windows     // so that the return reads its registers from memory
    l32i a4, a2, 4          // the stack pointer of setjmp's caller
    addi a5, a4, -16
    copy4 a2, 48, a5, 0, a7
    l32i a5, a5, 4
    addi a5, a5, -32
    copy4 a2, 16, a5, 0, a7
    addi a6, a4, -48        // setjmp's own
    addi a5, a6, -16
    copy4 a2, 0, a5, 0, a7
    l32i a0, a2, 64
    movi a4, 1
    moveqz a3, a4, a3       // setjmp never returns 0 twice
    mov a2, a3
    mov a1, a6
    retw
