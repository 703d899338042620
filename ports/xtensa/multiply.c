// 32 by 32 bits, which the compiler calls where the core cannot multiply so wide: its own library has the other calling
// convention.

#include <stdint.h>

uint64_t __umulsidi3(uint32_t a, uint32_t b);

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t low = (a & 0xffff) * (b & 0xffff), high = (a >> 16) * (b >> 16);
    uint32_t cross = (a >> 16) * (b & 0xffff) + (low >> 16); // at most 0xfffe0001 + 0xffff: it fits
    uint32_t other = (a & 0xffff) * (b >> 16) + (cross & 0xffff);
    return (uint64_t)(high + (cross >> 16) + (other >> 16)) << 32 | other << 16 | (low & 0xffff);
}
