// Convolution with sparse weights on an LX6: conv2d_sparse_pixels.S for most blocks, plain C for the others.
//
// Of a block scratch holds the four channels' weights as one stream (conv2d_pixels.S), then, if it has room, where the pairs
// of x lie, words in 16 bits from a pixel's first on: 18 bytes a pair and 8. A block without any has two of 0.
#include "../pairs/conv2d_sparse.h"

#include <string.h>

#include "../pairs/conv2d_block.h"
#include "../pairs/load_word.h"

enum {
    FEWEST = 4,  // pairs of the layer's largest block that leave room for places: scratch has 20 bytes for each
    MOST = 384,  // pairs whose x is copied, on the stack
    MOST_WORDS = 65535,  // between a pixel's first and last one
};

typedef struct {
    int32_t bias, multiplier, offset, shift;
} sparse_job;

// The assembly knows the offsets: every field is a word.
typedef struct {
    const int32_t *weights;  // one word before the first
    const uint16_t *places;
    int32_t groups;  // of two pairs, at least 1
    int32_t *copy;
    int32_t back;  // bytes from its end to its start
    int32_t count, pixel_step;
    int32_t out_step;  // less the channels
    const sparse_job *jobs_end;
    sparse_job jobs[4];
} upyml_conv2d_sparse_line;

void upyml_conv2d_sparse_pixels(upyml_conv2d_sparse_line *line, const int32_t *x, int8_t *output);

static int is_listed(const upyml_conv2d *c) {
    const upyml_conv2d_layout *l = &c->layout;
    int32_t words = l->segments > 1 ? (l->segment_step >> 2) * l->segments : l->words;
    return c->p->pairs > 0 && c->pairs <= MOST && words <= MOST_WORDS;
}

// 4 * w of a pair, from a word of the file or that shifted by eight bits: see expand_weights.S.
static inline uint32_t four_times(uint32_t word) {
    return ((word & 0x00ff00ff) * 4 + 0x7e007e00) ^ 0x80008000;
}

// The stream of the four channels; answers where it ends.
static int32_t *expand(const uint8_t *groups, int32_t count, int32_t *stream) {
    uint32_t before = 0;
    if (count == 0) {
        memset(stream, 0, 40);
        return stream + 10;
    }
    for (int own = 0; own < 4; own++) {
        const uint8_t *word = groups + 4 + 4 * (own >> 1);
        int shift = 8 * (own & 1);
        for (int32_t left = count; left > 0; left--, word += UPYML_SPARSE_GROUP_BYTES, stream += 2) {
            uint32_t first = four_times((uint32_t)upyml_load_word(word) >> shift);
            uint32_t second = four_times((uint32_t)upyml_load_word(word + 8) >> shift);
            stream[0] = (int32_t)(before >> 16 | first << 16);
            stream[1] = (int32_t)(first >> 16 | second << 16);
            before = second;
        }
    }
    *stream++ = (int32_t)(before >> 16);
    return stream + 1;  // one word is loaded too much
}

static void list(const upyml_conv2d *c, int32_t channel, uint16_t *place) {
    const uint8_t *group = upyml_sparse_block(c->p->weights, channel >> 2);
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    place[0] = place[1] = 0;
    for (int32_t i = 0; i < c->pairs; i++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        place[i] = (uint16_t)(upyml_sparse_at(&places, upyml_sparse_place(group, i & 1)) >> 2);
    }
}

void upyml_conv2d_prepare_sparse(upyml_conv2d *c, int32_t channel) {
    const uint8_t *weights = c->p->weights, *group = upyml_sparse_block(weights, channel >> 2);
    c->pairs = 2 * upyml_sparse_groups(weights, channel >> 2);
    if (!is_listed(c)) {
        return;
    }
    int32_t *end = expand(group, c->pairs >> 1, c->weights);
    if (c->p->pairs >= FEWEST) {
        list(c, channel, (uint16_t *)end);
    }
}

// Any block, from the file, for one pixel.
static void run_plain(const upyml_conv2d *c, const int32_t *x, int8_t *output, int32_t channel) {
    const uint8_t *weights = c->p->weights, *group = upyml_sparse_block(weights, channel >> 2);
    upyml_sparse_places places = upyml_sparse_places_of(&c->layout);
    int32_t sums[4];
    upyml_start(&c->channels, channel, sums);
    for (int32_t i = 0; i < c->pairs; i++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        int32_t pair = x[upyml_sparse_at(&places, upyml_sparse_place(group, i & 1)) >> 2];
        for (int own = 0; own < 4; own++) {
            int32_t first = upyml_of_pair(pair, 0) * upyml_sparse_weight(group, i & 1, own, 0);
            sums[own] = upyml_add_wrapped(sums[own], first + upyml_of_pair(pair, 1) * upyml_sparse_weight(group, i & 1, own, 1));
        }
    }
    const upyml_window *p = c->p;
    upyml_finish(&c->channels, channel, p->out_c, sums, p->out_zero_point, p->clamp_min, p->clamp_max, output);
}

// Answers whether none of the channels is plain.
static int set_jobs(const upyml_conv2d *c, sparse_job *job, int32_t channel, int32_t channels) {
    for (; channels > 0; channels--, channel++, job++) {
        int32_t at = channel * c->channels.step;
        upyml_prepared q;
        upyml_prepare(&q, upyml_load_word(c->channels.multipliers + 4 * at), c->channels.shifts[at], c->channels.bits[at],
            c->p->out_zero_point);
        job->bias = (int32_t)(4 * (uint32_t)upyml_load_word(c->channels.bias + 4 * channel));
        job->multiplier = q.multiplier;
        job->offset = q.offset;
        job->shift = q.shift;
        if (q.plain) {
            return 0;
        }
    }
    return 1;
}

static void clamp_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel, int32_t channels) {
    int8_t *output = line->output + channel;
    for (int32_t left = line->count; left > 0; left--, output += line->out_step) {
        for (int32_t i = 0; i < channels; i++) {
            output[i] = (int8_t)upyml_clamp(output[i], c->p->clamp_min, c->p->clamp_max);
        }
    }
}

void upyml_conv2d_run_sparse_line(const upyml_conv2d *c, const upyml_conv2d_line *line, int32_t channel) {
    int32_t channels = c->p->out_c - channel < 4 ? c->p->out_c - channel : 4, copy[MOST];
    int32_t pairs = c->pairs > 0 ? c->pairs : 2;
    uint16_t two[2];
    upyml_conv2d_sparse_line sparse = {
        .weights = c->weights - 1, .places = (const uint16_t *)(c->weights + 4 * pairs + 2), .groups = pairs >> 1,
        .copy = copy, .back = -4 * pairs, .count = line->count, .pixel_step = line->pixel_step,
        .out_step = line->out_step - channels, .jobs_end = sparse.jobs + channels,
    };
    if (is_listed(c) && set_jobs(c, sparse.jobs, channel, channels)) {
        if (c->p->pairs < FEWEST) {
            list(c, channel, two);
            sparse.places = two;
        }
        upyml_conv2d_sparse_pixels(&sparse, line->x, line->output + channel);
        if (c->block.narrow) {
            clamp_line(c, line, channel, channels);
        }
        return;
    }
    for (int32_t i = 0; i < line->count; i++) {
        run_plain(c, line->x + (i * line->pixel_step >> 2), line->output + i * line->out_step, channel);
    }
}
