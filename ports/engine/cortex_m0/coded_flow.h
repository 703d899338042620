// Coded weights that flow through two pieces of RAM, see weight_stream.h: one is used while the other is filled.
#ifndef UPYML_CORTEX_M0_CODED_FLOW_H
#define UPYML_CORTEX_M0_CODED_FLOW_H

#include "../weight_stream.h"

enum { UPYML_FLOW_WORDS = 64 };  // most of a piece

typedef struct {
    int stream;  // -1: weights are read from where they lie
    int turn;
    uint32_t pieces[2][UPYML_FLOW_WORDS];
} upyml_flow;

// Begins with a piece of so many words. The stream is open.
static inline void upyml_flow_begin(upyml_flow *flow, int stream, const uint8_t *first, int32_t words) {
    flow->stream = stream;
    flow->turn = 0;
    upyml_weight_stream_start(stream, first, flow->pieces[0], words);
}

// Where to read the piece of `words` from that lies at `here`; the next one, of `next` words, follows it. 0: there is none.
static inline const uint8_t *upyml_flow_take(upyml_flow *flow, const uint8_t *here, int32_t words, int32_t next) {
    if (flow->stream < 0) {
        return here;
    }
    if (!upyml_weight_stream_wait(flow->stream)) {
        upyml_weight_stream_close(flow->stream);
        flow->stream = -1;
        return here;
    }
    const uint32_t *piece = flow->pieces[flow->turn];
    flow->turn ^= 1;
    if (next > 0) {
        upyml_weight_stream_start(flow->stream, here + 4 * words, flow->pieces[flow->turn], next);
    }
    return (const uint8_t *)piece;
}

static inline void upyml_flow_end(const upyml_flow *flow) {
    if (flow->stream >= 0) {
        upyml_weight_stream_close(flow->stream);
    }
}

#endif
