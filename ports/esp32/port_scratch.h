// Scratch for kernels in the chip's own RAM, where the arena lies in PSRAM: that is several times slower, and kernels use
// their scratch again and again.
#include "esp_heap_caps.h"
#include "esp_memory_utils.h"

static inline upyml_scratch upyml_internal_scratch(uint32_t size) {
    upyml_scratch scratch = {heap_caps_malloc(size, MALLOC_CAP_INTERNAL | MALLOC_CAP_8BIT), size};
    return scratch;
}

// Bytes NULL: the arena is as fast, or there is no such RAM. least: bytes that the model needs; twice as many give kernels
// strips of several rows.
static inline upyml_scratch upyml_port_scratch(const void *arena, uint32_t least) {
    upyml_scratch scratch = {NULL, 0};
    if (esp_ptr_external_ram(arena) && least > 0) {
        scratch = upyml_internal_scratch(2 * least);
        if (!scratch.bytes) {
            scratch = upyml_internal_scratch(least);
        }
    }
    return scratch;
}

static inline void upyml_port_release(uint8_t *bytes) {
    heap_caps_free(bytes);
}
