// A native module is linked without a C library: what the engine and the compiler call from <string.h>,
// answered by the firmware. One file for all architectures.

#include "py/dynruntime.h"

#undef memcpy
#undef memmove
#undef memset
#undef memcmp

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memcpy(void *to, const void *from, size_t size) {
    return mp_fun_table.memmove_(to, from, size);
}

void *memmove(void *to, const void *from, size_t size) {
    return mp_fun_table.memmove_(to, from, size);
}

void *memset(void *to, int value, size_t size) {
    return mp_fun_table.memset_(to, value, size);
}

// The firmware's table has no memcmp.
int memcmp(const void *a, const void *b, size_t size) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < size; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}
