// Start, output and end of a program of kernel tests on an Xtensa LX6 with register windows, as a program for qemu-xtensa,
// which answers as Linux does.
#include <stddef.h>
#include <string.h>

#include "../../../ports/xtensa/mulsh.h"
#include "rig.h"

enum { SYS_WRITE = 13, SYS_EXIT = 118, SYS_SIGACTION = 226 };
enum { SIGNAL_BUS = 7, SIGNAL_SEGMENT = 11 };

// The program's start, and a call to the system.
__asm(
    ".text\n.literal_position\n.align 4\n"
    ".global _start\n_start:\n"
    "movi a0, 0\n"
    "call4 rig_start\n"
    ".align 4\n.global rig_system\n.type rig_system, @function\nrig_system:\n"
    "entry a1, 32\n"
    "mov a8, a6\n"
    "mov a6, a3\n"
    "mov a3, a4\n"
    "mov a4, a5\n"
    "mov a5, a8\n"
    "syscall\n"
    "retw\n");

int rig_system(int number, long a, long b, long c, long d);

void rig_end(int failed) {
    rig_system(SYS_EXIT, failed, 0, 0, 0);
}

void rig_print(const char *text) {
    rig_system(SYS_WRITE, 1, (long)text, (long)strlen(text), 0);
}

void host_signal(int signal, host_context_t *context) {
    if (signal == HOST_SIGNAL_ILLEGAL && host_mulsh(context)) {
        return;
    }
    rig_stopped();
}

void rig_start(void);
void rig_start(void) {
    static const int signals[] = {HOST_SIGNAL_ILLEGAL, SIGNAL_BUS, SIGNAL_SEGMENT};
    host_action_t on = {host_on_signal, HOST_SIGNAL_WITH_CONTEXT, 0, {0, 0}};
    for (int i = 0; i < 3; i++) {
        rig_system(SYS_SIGACTION, signals[i], (long)&on, 0, 8);
    }
    rig_run();
}

// There is no C library for this calling convention. Loops that the compiler would make calls of themselves are not
// made such.
typedef uint32_t __attribute__((may_alias)) word;

#define PLAIN __attribute__((optimize("no-tree-loop-distribute-patterns")))

PLAIN size_t strlen(const char *text) {
    size_t count = 0;
    while (text[count]) {
        count++;
    }
    return count;
}

PLAIN void *memset(void *to, int value, size_t count) {
    for (uint8_t *at = to; count > 0; count--) {
        *at++ = (uint8_t)value;
    }
    return to;
}

// By words where all lies on words: as fast as a board's, or counts would tell more of this than of kernels.
PLAIN void *memmove(void *to, const void *from, size_t count) {
    uint8_t *out = to;
    const uint8_t *in = from;
    size_t words = (((uintptr_t)to | (uintptr_t)from | count) & 3) == 0 ? count / 4 : 0;
    if (out < in && words) {
        for (size_t i = 0; i < words; i++) {
            ((word *)to)[i] = ((const word *)from)[i];
        }
    } else if (out < in) {
        for (size_t i = 0; i < count; i++) {
            out[i] = in[i];
        }
    } else if (words) {
        while (words-- > 0) {
            ((word *)to)[words] = ((const word *)from)[words];
        }
    } else {
        while (count-- > 0) {
            out[count] = in[count];
        }
    }
    return to;
}

void *memcpy(void *to, const void *from, size_t count) {
    return memmove(to, from, count);
}

int memcmp(const void *a, const void *b, size_t count) {
    const uint8_t *x = a, *y = b;
    for (size_t i = 0; i < count; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}
