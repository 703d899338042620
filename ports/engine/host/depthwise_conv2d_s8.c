// Depthwise convolution on a computer with 64 bits: 16 channels of a pixel at a time.
//
// Of a stretch of one output row the input is staged: kernel_h rows of 16 channels, widened to 16 bits, with the padding
// in place. Taps are taken in twos: the lanes of both interleaved are the pairs that one instruction multiplies and adds.
//
// Cost: 8 instructions of SSE2 for 16 products. Stack: 20 KB; scratch: the rows that the plain kernel keeps. Kernels of
// hundreds of taps, which models have not, go by the definition.
#include "../rows.h"
#include "../weights.h"
#include "lanes.h"
#include "requantize_lanes.h"

enum {
    LANES = 16,  // channels
    TAPS = UPYML_SMALL_ROOMS ? 10 : 160,
    POSITIONS = UPYML_SMALL_ROOMS ? 16 : 192,  // places of an image that are staged
    SLOTS = UPYML_READY / LANES,  // groups of LANES channels whose weights and factors are ready
    WEIGHTS = (TAPS + 1) / 2 * 2 * LANES,  // of all slots; 16 of 3x3
    RING = UPYML_SMALL_ROOMS ? 64 : 4096,  // bytes
};

typedef struct {
    const upyml_window *p;
    upyml_rows rows;
    upyml_channels channels;
    upyml_range range;
    int32_t stretch, columns;  // output pixels of a row, and the columns that they read; 0: too many
    int32_t pairs, slots;
    int32_t ready[SLOTS];  // the first channel of what is in a slot; -1: nothing
    int32_t offsets[TAPS + 1];  // of each tap in what is staged
    upyml_factors factors;
    int16_t weights[WEIGHTS], staged[POSITIONS * LANES];
} depthwise;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static const uint8_t *block_of(const upyml_window *p, int32_t channel) {
    return p->weights + (ptrdiff_t)(channel >> 2) * ((p->kernel_h * p->kernel_w + 3) & ~3) * 4;
}

// Weights of LANES channels from `channel` on: of each two taps those of one lane side by side. Answers the slot.
static int32_t prepare(depthwise *s, int32_t channel) {
    const upyml_window *p = s->p;
    int32_t slot = smaller(channel / LANES, s->slots - 1), taps = p->kernel_h * p->kernel_w;
    if (s->ready[slot] == channel) {
        return slot;
    }
    s->ready[slot] = channel;
    int16_t *weights = s->weights + slot * s->pairs * 2 * LANES;
    for (int32_t lane = 0; lane < LANES; lane++) {
        int32_t own = smaller(channel + lane, p->out_c - 1);
        const uint8_t *block = block_of(p, own);
        for (int32_t tap = 0; tap < 2 * s->pairs; tap++) {
            int32_t weight = tap < taps ? upyml_weight(block, tap, own & 3) : 0;
            weights[(tap >> 1) * 2 * LANES + 2 * lane + (tap & 1)] = (int16_t)weight;
        }
        upyml_set_factor(&s->factors, slot * LANES + lane, upyml_load32(s->channels.bias + 4 * own),
            upyml_load_int32(s->channels.multipliers + 4 * own), s->channels.shifts[own]);
    }
    return slot;
}

// What the stretch of output pixels from ox on reads, for `count` output channels from `channel` on.
static void stage(depthwise *s, int32_t oy, int32_t ox, int32_t channel, int32_t count) {
    const upyml_window *p = s->p;
    int16_t *to = s->staged;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h, ix = ox * p->stride_w - p->pad_left;
        const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(&s->rows, iy) : NULL;
        for (int32_t x = ix; x < ix + s->columns; x++, to += LANES) {
            if (!row || x < 0 || x >= p->in_w) {
                for (int lane = 0; lane < LANES; lane++) {
                    to[lane] = (int16_t)p->in_zero_point;
                }
                continue;
            }
            const int8_t *from = row + x * p->in_c;
            if (p->multiplier > 1) {
                for (int32_t lane = 0; lane < count; lane++) {
                    to[lane] = from[(channel + lane) / p->multiplier];
                }
            } else if (count == LANES) {
                for (int lane = 0; lane < LANES; lane++) {
                    to[lane] = from[channel + lane];
                }
            } else {
                for (int32_t lane = 0; lane < count; lane++) {
                    to[lane] = from[channel + lane];
                }
            }
        }
    }
}

static inline void add_taps(upyml_words sums[4], const int16_t *weights, const int16_t *x, const int32_t *offsets,
    int32_t pairs) {
    upyml_words s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (; pairs > 0; pairs--, weights += 2 * LANES, offsets += 2) {
        const int16_t *tap = x + offsets[0], *next = x + offsets[1];
        upyml_halves a = upyml_load_halves(tap), b = upyml_load_halves(next);
        s0 = upyml_add_products(s0, upyml_interleave_first(a, b), upyml_load_halves(weights));
        s1 = upyml_add_products(s1, upyml_interleave_last(a, b), upyml_load_halves(weights + 8));
        a = upyml_load_halves(tap + 8);
        b = upyml_load_halves(next + 8);
        s2 = upyml_add_products(s2, upyml_interleave_first(a, b), upyml_load_halves(weights + 16));
        s3 = upyml_add_products(s3, upyml_interleave_last(a, b), upyml_load_halves(weights + 24));
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

// One value by the definition. in_channel: its place in the rows.
static int8_t single(const depthwise *s, int32_t oy, int32_t ox, int32_t in_channel, int32_t channel) {
    const upyml_window *p = s->p;
    const uint8_t *block = block_of(p, channel);
    int32_t sum = upyml_load_int32(s->channels.bias + 4 * channel), k = 0;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
        const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(&s->rows, iy) + in_channel : NULL;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, k++) {
            int32_t ix = ox * p->stride_w - p->pad_left + kx * p->dilation_w;
            int32_t x = row && ix >= 0 && ix < p->in_w ? row[ix * p->in_c] : p->in_zero_point;
            sum = upyml_add_wrapped(sum, x * upyml_weight(block, k, channel & 3));
        }
    }
    int32_t y = upyml_requantize(sum, upyml_load_int32(s->channels.multipliers + 4 * channel), s->channels.shifts[channel]);
    return (int8_t)upyml_clamp(upyml_add_wrapped(y, p->out_zero_point), p->clamp_min, p->clamp_max);
}

// `count` channels from `channel` on of an output row. in_channel: the place of the first in the rows, times multiplier.
static void make_row(depthwise *s, int32_t oy, int32_t in_channel, int32_t channel, int32_t count, int8_t *output) {
    const upyml_window *p = s->p;
    if (s->stretch == 0) {
        for (int32_t i = 0; i < p->out_w * count; i++) {
            int32_t ox = i / count, own = i % count;
            output[ox * p->out_c + channel + own] = single(s, oy, ox, (in_channel + own) / p->multiplier, channel + own);
        }
        return;
    }
    int32_t slot = prepare(s, channel);
    const int16_t *weights = s->weights + slot * s->pairs * 2 * LANES;
    for (int32_t ox = 0, place = 0; ox < p->out_w; ox++, place++) {
        if (place == 0 || place == s->stretch) {
            stage(s, oy, ox, in_channel, count);
            place = 0;
        }
        upyml_words sums[4];
        for (int i = 0; i < 4; i++) {
            sums[i] = upyml_load_words(s->factors.bias + slot * LANES + 4 * i);
        }
        add_taps(sums, weights, s->staged + place * p->stride_w * LANES, s->offsets, s->pairs);
        uint32_t values[16];
        memcpy(values, sums, sizeof values);
        int8_t made[16];
        upyml_finish_16(values, &s->factors, slot * LANES, &s->range, made);
        memcpy(output + ox * p->out_c + channel, made, (size_t)count);
    }
}

static void by_rows(depthwise *s, const int8_t *input, int8_t *output, uint8_t *scratch) {
    const upyml_window *p = s->p;
    upyml_rows_begin(&s->rows, p, input, scratch);
    for (int32_t step = 0; step < p->end_row - p->first_row; step++) {
        int32_t oy = upyml_rows_output(&s->rows, p, step);
        upyml_rows_load(&s->rows, p, oy);
        int8_t *row = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        for (int32_t channel = 0; channel < p->out_c; channel += LANES) {
            make_row(s, oy, channel, channel, smaller(LANES, p->out_c - channel), row);
        }
    }
}

// Order PLANE: input and output of two channels never overlap, so as many are taken together as a ring has room for.
static void by_planes(depthwise *s, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window planes = *s->p;
    uint8_t ring[RING];
    int32_t least = upyml_ring_rows(&planes) * planes.in_w, in_c = planes.in_c;
    int32_t room = planes.scratch_size > RING ? planes.scratch_size : RING;
    planes.in_c = smaller(smaller(LANES, in_c), room / least);
    planes.order = UPYML_ORDER_FORWARD;
    s->p = &planes;
    s->slots = 1;
    for (int32_t channel = 0; channel < in_c; channel += planes.in_c) {
        int32_t count = smaller(planes.in_c, in_c - channel), loaded = 0;
        upyml_rows_begin(&s->rows, &planes, NULL, least * planes.in_c > RING ? scratch : ring);
        for (int32_t oy = 0; oy < planes.out_h; oy++) {
            int32_t end = smaller(planes.in_h, oy * planes.stride_h - planes.pad_top + upyml_reach(&planes));
            for (; loaded < end; loaded++) {
                uint8_t *to = s->rows.ring + loaded % s->rows.ring_rows * s->rows.row_bytes;
                const int8_t *from = input + loaded * planes.in_w * in_c + channel;
                for (int32_t x = 0; x < planes.in_w; x++) {
                    memcpy(to + x * planes.in_c, from + x * in_c, (size_t)count);
                }
            }
            make_row(s, oy, 0, channel, count, output + oy * planes.out_w * planes.out_c);
        }
    }
}

static void begin(depthwise *s, const upyml_window *p) {
    s->p = p;
    s->channels = upyml_read_channels(p->channels, p->out_c, 1);
    s->range = (upyml_range){p->out_zero_point, p->clamp_min, p->clamp_max};
    int64_t taps = (int64_t)p->kernel_h * p->kernel_w;
    int32_t reach = (p->kernel_w - 1) * p->dilation_w + 1, most = POSITIONS / p->kernel_h;
    s->stretch = 0;
    if (taps > TAPS || reach > most) {
        return;
    }
    s->stretch = smaller(p->out_w, (most - reach) / p->stride_w + 1);
    s->columns = (s->stretch - 1) * p->stride_w + reach;
    s->pairs = (int32_t)(taps + 1) >> 1;
    s->slots = smaller(SLOTS, WEIGHTS / (s->pairs * 2 * LANES));
    for (int32_t i = 0; i < SLOTS; i++) {
        s->ready[i] = -1;
    }
    for (int32_t tap = 0; tap < 2 * s->pairs; tap++) {
        int32_t own = tap < taps ? tap : 0;
        s->offsets[tap] = (own / p->kernel_w * s->columns + own % p->kernel_w * p->dilation_w) * LANES;
    }
    memset(s->staged, 0, sizeof s->staged);  // lanes beyond the last channel
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    depthwise s;
    begin(&s, p);
    if (p->order == UPYML_ORDER_PLANE) {
        by_planes(&s, input, output, scratch);
    } else {
        by_rows(&s, input, output, scratch);
    }
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    (void)strip;
    return p->order == UPYML_ORDER_PLANE ? upyml_ring_rows(p) * p->in_w : upyml_ring_size(p);
}
