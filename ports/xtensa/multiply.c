// Arithmetic of 64 bits that the compiler calls where the core has none: its own library has the other calling
// convention.

#include <stdint.h>

uint64_t __umulsidi3(uint32_t a, uint32_t b);

uint64_t __umulsidi3(uint32_t a, uint32_t b) {
    uint32_t low = (a & 0xffff) * (b & 0xffff), high = (a >> 16) * (b >> 16);
    uint32_t cross = (a >> 16) * (b & 0xffff) + (low >> 16); // at most 0xfffe0001 + 0xffff: it fits
    uint32_t other = (a & 0xffff) * (b >> 16) + (cross & 0xffff);
    return (uint64_t)(high + (cross >> 16) + (other >> 16)) << 32 | other << 16 | (low & 0xffff);
}

// Shifts of 64 bits, by 0 to 63.
uint64_t __ashldi3(uint64_t value, int bits);
int64_t __ashrdi3(int64_t value, int bits);
uint64_t __lshrdi3(uint64_t value, int bits);

uint64_t __ashldi3(uint64_t value, int bits) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (bits >= 32) {
        return (uint64_t)(low << (bits - 32)) << 32;
    }
    return bits ? (uint64_t)(high << bits | low >> (32 - bits)) << 32 | low << bits : value;
}

uint64_t __lshrdi3(uint64_t value, int bits) {
    uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
    if (bits >= 32) {
        return high >> (bits - 32);
    }
    return bits ? (uint64_t)(high >> bits) << 32 | (low >> bits | high << (32 - bits)) : value;
}

int64_t __ashrdi3(int64_t value, int bits) {
    uint32_t low = (uint32_t)value, sign = value < 0 ? 0xffffffffu : 0;
    int32_t high = (int32_t)((uint64_t)value >> 32);
    if (bits >= 32) {
        return (int64_t)((uint64_t)sign << 32 | (uint32_t)(high >> (bits - 32)));
    }
    uint32_t shifted = bits ? low >> bits | (uint32_t)high << (32 - bits) : low;
    return (int64_t)((uint64_t)(uint32_t)(high >> bits) << 32 | shifted);
}
