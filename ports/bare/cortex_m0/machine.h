// An RP2040 in an emulator that looks at words from 0x40000000 on and counts cycles: rp2040js_bare.mjs, or another.
#ifndef UPYML_BARE_MACHINE_H
#define UPYML_BARE_MACHINE_H

#include <stdint.h>

#define WORD(offset) (*(volatile uint32_t *)(0x40000000u + (offset)))
#define TEXT(offset) (*(const char *volatile *)(0x40000000u + (offset)))

// A count begins, and ends under a name.
static inline void machine_begin(void) {
    WORD(0) = 1;
}

static inline void machine_end(const char *name) {
    TEXT(4) = name;
}

static inline void machine_print(const char *text) {
    TEXT(16) = text;
}

static inline void machine_print_number(uint32_t number) {
    WORD(20) = number;
}

static inline void machine_exit(int code) {
    WORD(12) = (uint32_t)code;
    for (;;) {
    }
}

#endif
