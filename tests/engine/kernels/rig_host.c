// Start, output and end of a program of kernel tests on a computer with an operating system.
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"

void rig_end(int failed) {
    exit(failed);
}

void rig_print(const char *text) {
    fputs(text, stdout);
}

static void fault(int signal) {
    (void)signal;
    rig_stopped();
}

int main(void) {
    signal(SIGSEGV, fault);
    rig_run();
}
