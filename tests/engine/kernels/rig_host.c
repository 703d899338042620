// Start, output and end of a program of kernel tests on a computer with an operating system.
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"

void rig_print(const char *text) {
    fputs(text, stdout);
}

void rig_number(int32_t number) {
    printf("%d", (int)number);
}

uint32_t rig_random(void) {
    static uint32_t state = 0x12345678;
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

void rig_fail(const char *text) {
    rig_print(text);
    rig_print("\n");
    exit(1);
}

static void fault(int signal) {
    (void)signal;
    rig_fail("the processor stopped: an access to a place that is no multiple of its width, or outside of memory");
}

int main(void) {
    signal(SIGSEGV, fault);
    printf("%d cases\n", (int)cases());
    return 0;
}
