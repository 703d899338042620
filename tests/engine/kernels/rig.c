// What all programs of kernel tests have.
#include "rig.h"

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
    rig_end(1);
}

void rig_stopped(void) {
    rig_fail("the processor stopped: an access to a place that is no multiple of its width, or outside of memory");
}

void rig_run(void) {
    rig_number(cases());
    rig_print(" cases\n");
    rig_end(0);
}
