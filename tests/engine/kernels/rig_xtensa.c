// Start, output and end of a program of kernel tests on an Xtensa LX6 with register windows, as a program for qemu-xtensa,
// which answers as Linux does. QEMU's core has no MULSH, which an ESP32 has: it stops there, and what it would have
// computed is computed here.
#include <stddef.h>
#include <string.h>

#include "rig.h"

enum { SYS_WRITE = 13, SYS_EXIT = 118, SYS_SIGACTION = 226 };
enum { SIGNAL_ILLEGAL = 4, SIGNAL_BUS = 7, SIGNAL_SEGMENT = 11 };

// A signal's handler is called in a fresh register window; what it must not change besides is the shift amount.
__asm(
    ".text\n.literal_position\n.align 4\n"
    ".global _start\n_start:\n"
    "movi a0, 0\n"
    "call4 rig_start\n"
    ".align 4\n.global rig_system\n.type rig_system, @function\nrig_system:\n"  // int rig_system(number, a, b, c, d)
    "entry a1, 32\n"
    "mov a8, a6\n"
    "mov a6, a3\n"
    "mov a3, a4\n"
    "mov a4, a5\n"
    "mov a5, a8\n"
    "syscall\n"
    "retw\n"
    ".align 4\n.global rig_on_signal\n.type rig_on_signal, @function\nrig_on_signal:\n"
    "entry a1, 32\n"
    "rsr a5, sar\n"
    "mov a10, a2\n"
    "mov a11, a4\n"
    "call8 rig_signal\n"
    "wsr a5, sar\n"
    "retw\n");

int rig_system(int number, long a, long b, long c, long d);
void rig_on_signal(void);

// As Linux has them.
typedef struct {
    void (*handler)(void);
    unsigned long flags;
    void *restorer;
    unsigned long mask[2];
} action;

typedef struct {
    uint32_t flags, link, stack[3], pc, ps, lbeg, lend, lcount, sar, acclo, acchi, a[16];
} context;

void rig_print(const char *text) {
    rig_system(SYS_WRITE, 1, (long)text, (long)strlen(text), 0);
}

void rig_number(int32_t number) {
    char text[12], *at = text + sizeof text - 1;
    uint32_t rest = number < 0 ? 0 - (uint32_t)number : (uint32_t)number;
    *at = 0;
    do {
        *--at = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0) {
        *--at = '-';
    }
    rig_print(at);
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
    rig_system(SYS_EXIT, 1, 0, 0, 0);
}

static uint32_t high_word(uint32_t a, uint32_t b) {
    uint32_t low = (a & 0xffff) * (b & 0xffff), middle = (a >> 16) * (b & 0xffff) + (low >> 16);
    uint32_t other = (a & 0xffff) * (b >> 16) + (middle & 0xffff);
    return (a >> 16) * (b >> 16) + (middle >> 16) + (other >> 16);
}

void rig_signal(int signal, context *c);
void rig_signal(int signal, context *c) {
    const uint8_t *at = (const uint8_t *)c->pc;
    if (signal == SIGNAL_ILLEGAL && at[2] == 0xb2 && (at[0] & 15) == 0) {  // mulsh
        uint32_t a = c->a[at[1] & 15], b = c->a[at[0] >> 4];
        c->a[at[1] >> 4] = high_word(a, b) - ((int32_t)a < 0 ? b : 0) - ((int32_t)b < 0 ? a : 0);
        c->pc += 3;
        return;
    }
    rig_fail("the processor stopped: an access to a place that is no multiple of its width, or outside of memory");
}

void rig_start(void);
void rig_start(void) {
    static const int signals[] = {SIGNAL_ILLEGAL, SIGNAL_BUS, SIGNAL_SEGMENT};
    action on = {rig_on_signal, 4, 0, {0, 0}};  // with a context
    for (int i = 0; i < 3; i++) {
        rig_system(SYS_SIGACTION, signals[i], (long)&on, 0, 8);
    }
    rig_number(cases());
    rig_print(" cases\n");
    rig_system(SYS_EXIT, 0, 0, 0, 0);
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
