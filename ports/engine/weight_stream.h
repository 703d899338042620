// Weights that come from flash to RAM in the background, where a port has a way: ports/rp2/weight_stream.c for the RP2040.
// Elsewhere nothing streams, and the compiler leaves out what would use it.
#ifndef UPYML_WEIGHT_STREAM_H
#define UPYML_WEIGHT_STREAM_H

#include <stdint.h>

#ifdef UPYML_WEIGHT_STREAM
// A stream for these bytes, which start on a word; -1 where they do not lie in flash, are too few to be worth it, or
// what it takes is not free. It has to be closed.
int upyml_weight_stream_open(const uint8_t *weights, int32_t bytes);

// Begins to copy `words` words, at most 1,024, from the weights to `to`. What was begun before has come.
void upyml_weight_stream_start(int stream, const uint8_t *weights, uint32_t *to, int32_t words);

// Waits for what was begun; 0 where it does not come. Then the stream has to be closed: until that `to` may be written.
int upyml_weight_stream_wait(int stream);

void upyml_weight_stream_close(int stream);
#else
static inline int upyml_weight_stream_open(const uint8_t *weights, int32_t bytes) {
    (void)weights;
    (void)bytes;
    return -1;
}

static inline void upyml_weight_stream_start(int stream, const uint8_t *weights, uint32_t *to, int32_t words) {
    (void)stream;
    (void)weights;
    (void)to;
    (void)words;
}

static inline int upyml_weight_stream_wait(int stream) {
    (void)stream;
    return 0;
}

static inline void upyml_weight_stream_close(int stream) {
    (void)stream;
}
#endif

#endif
