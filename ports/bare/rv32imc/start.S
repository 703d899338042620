// Where the core starts: the stack, and where a trap goes.
    .section .vectors, "ax"
    .global start
start:
    la sp, stack_top
    la t0, trap
    csrw mtvec, t0
    call bench
1:  j 1b

    .balign 4
trap:
    call stopped
1:  j 1b
