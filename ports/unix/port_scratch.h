// Scratch apart from the arena, as little as there may be: what a port with slow memory does (ports/esp32) is tried so.
#include <stdlib.h>

static inline upyml_scratch upyml_port_scratch(const void *arena, uint32_t least) {
    (void)arena;
    upyml_scratch scratch = {least ? malloc(least) : NULL, least};
    return scratch;
}

static inline void upyml_port_release(uint8_t *bytes) {
    free(bytes);
}
