// A fully connected layer with sparse weights: the whole input is packed, for blocks read it in an order of their own, and
// each block reads its weights from the file once.
#include "../weights_sparse.h"
#include "../pairs/conv2d_rows.h"
#include "coded_flow.h"
#include "fully_connected_coded.h"
#include "pairs_cpu.h"

// fully_connected_sparse_dot.S: groups from the first up to `end`, on a word; at least one. x: two words a pair.
void upyml_fully_connected_sparse_dot(const uint8_t *group, const uint8_t *end, const int32_t *x, int32_t *accumulators);

void upyml_pack_sparse(const int32_t *pairs, int32_t *x, int32_t count);  // the second half of x to all of it

enum {
    BATCH = 64,  // channels: whole blocks
    PIECE = 4 * UPYML_FLOW_WORDS / UPYML_SPARSE_GROUP_BYTES * UPYML_SPARSE_GROUP_BYTES,  // bytes of groups that flow
    MOST_PAIRS = 8192,  // of inputs: 8 bytes each, that is what twice a place in the file has room for
};

static int32_t least(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// Pairs lie in the second half first.
static void pack(const int8_t *input, int32_t *x, int32_t count) {
    int32_t pairs = (count + 1) >> 1, *from = x + pairs;
    upyml_pack_pairs(input, from, count >> 1);
    if (count & 1) {
        from[count >> 1] = upyml_pair(input[count - 1], 0);
    }
    upyml_pack_sparse(from, x, pairs);
}

// Groups that flow: pieces follow each other from the first block's first group to `last`, wherever blocks end.
typedef struct {
    upyml_flow flow;
    const uint8_t *piece, *end;  // in the file
    const uint8_t *here;  // the piece
    const uint8_t *last;
} group_flow;

static void flow_begin(group_flow *f, int stream, const uint8_t *first, const uint8_t *last) {
    f->end = f->piece = first;
    f->last = last;
    upyml_flow_begin(&f->flow, stream, first, least((int32_t)(last - first), PIECE) >> 2);
}

// Adds a block's groups, those at the end of one piece and those that begin the next.
static void add_flow(group_flow *f, const uint8_t *group, const uint8_t *end, const int32_t *x, int32_t *sums) {
    while (group != end) {
        if (group == f->end) {
            int32_t now = least((int32_t)(f->last - group), PIECE), next = least((int32_t)(f->last - group) - now, PIECE);
            f->here = upyml_flow_take(&f->flow, group, now >> 2, next >> 2);
            f->piece = group;
            f->end = group + now;
        }
        const uint8_t *until = end < f->end ? end : f->end;
        upyml_fully_connected_sparse_dot(f->here + (group - f->piece), f->here + (until - f->piece), x, sums);
        group = until;
    }
}

static void add_block(const uint8_t *group, const uint8_t *end, const int32_t *x, int32_t *sums) {
    if (group != end) {
        upyml_fully_connected_sparse_dot(group, end, x, sums);
    }
}

void upyml_fully_connected_sparse(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (((uintptr_t)p->weights & 3) != 0 || p->in_c > 2 * MOST_PAIRS) {
        upyml_fully_connected_coded(p, input, output, scratch);
        return;
    }
    upyml_channels c = upyml_read_channels(p->channels, p->out_c, p->per_channel);
    int32_t sums[BATCH], *x = (int32_t *)scratch;
    pack(input, x, p->in_c);
    const uint8_t *next = p->weights, *group = upyml_sparse_block(p->weights, 0);
    const uint8_t *last = upyml_sparse_block(p->weights, (p->out_c + 3) >> 2);
    int stream = group == last ? -1 : upyml_weight_stream_open(group, (int32_t)(last - group));
    group_flow flow;
    if (stream >= 0) {
        flow_begin(&flow, stream, group, last);
    }
    for (int32_t channel = 0; channel < p->out_c; channel += BATCH) {
        int32_t count = least(BATCH, p->out_c - channel);
        upyml_start_sums(&c, channel, sums, (count + 3) & ~3);
        for (int32_t i = 0; i < count; i += 4) {
            next += 4;
            const uint8_t *end = p->weights + upyml_load32(next);
            if (stream >= 0) {
                add_flow(&flow, group, end, x, sums + i);
            } else {
                add_block(group, end, x, sums + i);
            }
            group = end;
        }
        upyml_requantize_sums(p, &c, channel, sums, count, output);
    }
    if (stream >= 0) {
        upyml_flow_end(&flow.flow);
    }
}
