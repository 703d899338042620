// Where a Cortex-M starts in QEMU: the stack and the first function; a fault ends the program.
#include "machine.h"

extern char stack_top[];

void bench(void);
void start(void);

static void fault(void) {
    machine_print("the processor stopped\n");
    machine_exit(1);
}

void start(void) {
    bench();
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (const void *)start, (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault,
    (const void *)fault,
};
