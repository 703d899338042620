// Numbers from the bytes of a file: little-endian, any alignment, any host.
#ifndef UPYML_LOAD_H
#define UPYML_LOAD_H

#include <stdint.h>

static inline uint32_t upyml_load16(const uint8_t *p) {
    return p[0] | (uint32_t)p[1] << 8;
}

static inline uint32_t upyml_load32(const uint8_t *p) {
    return upyml_load16(p) | upyml_load16(p + 2) << 16;
}

static inline int32_t upyml_load_int32(const uint8_t *p) {
    return (int32_t)upyml_load32(p);
}

static inline int32_t upyml_load_int16(const uint8_t *p) {
    return (int16_t)upyml_load16(p);
}

// Where a field's offset into the file points. By way of a number: the check reads parameters before it has looked whether
// that lies in the file.
static inline const uint8_t *upyml_place(const uint8_t *file, const uint8_t *field) {
    return (const uint8_t *)((uintptr_t)file + upyml_load32(field));
}

static inline void upyml_store16(uint8_t *p, uint32_t value) {
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static inline void upyml_store32(uint8_t *p, uint32_t value) {
    upyml_store16(p, value);
    upyml_store16(p + 2, value >> 16);
}

#endif
