// Convolution on a computer with 64 bits: four pixels by eight channels at a time.
//
// The windows of four pixels are widened to 16 bits and laid side by side, in pairs of k as the file has the weights:
// w1, w3, w0, w2. So 16 bytes of the file, two masks away, are the factors of two pairs for each of four channels, and
// one instruction multiplies and adds a pair for all of them. Weights stay biased by 128: 128 times the sum of the
// window is taken off instead. Windows too large for that are taken pixel by pixel, in pieces, 16 channels at a time.
//
// Cost: 7 instructions of SSE2 for 16 products. Stack: 15 KB; scratch: none but the rows that the plain kernel keeps.
#include "conv2d.h"

#include "../kernels/coded.h"
#include "../rows.h"
#include "../weights.h"
#include "lanes.h"
#include "requantize_lanes.h"

enum {
    TILE = 4,  // pixels, and blocks of four channels where there is one pixel
    ROOM = UPYML_SMALL_ROOMS ? 16 : 5120,  // elements of the windows of one tile
    STAGED = UPYML_SMALL_ROOMS ? 32 : 256,  // bytes of a window's row that leaves the image or is dilated
};

typedef struct {
    const upyml_window *p;
    upyml_rows rows;
    upyml_channels channels;
    upyml_range range;
    int32_t run, run_quads, quads, blocks;  // elements of a window's row; words of it and of the window, each four k
    int32_t ready;  // the block that the factors begin with; -1: none
    upyml_factors factors;
    int16_t x[ROOM];
} convolution;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// Where the factors of a block are, and after them those of the next ones up to a multiple of TILE: beyond the last again
// the last one's.
static int32_t ready(convolution *s, int32_t block) {
    if (s->ready < 0 || block < s->ready || block >= s->ready + UPYML_READY / 4) {
        s->ready = block & ~(TILE - 1);
        int32_t end = smaller(s->ready + UPYML_READY / 4, (s->blocks + TILE - 1) & ~(TILE - 1));
        for (int32_t i = 0; i < 4 * (end - s->ready); i++) {
            int32_t channel = smaller(4 * s->ready + i, 4 * (s->blocks - 1) + (i & 3)), at = channel * s->channels.step;
            upyml_set_factor(&s->factors, i, upyml_load32(s->channels.bias + 4 * channel),
                upyml_load_int32(s->channels.multipliers + 4 * at), s->channels.shifts[at]);
        }
    }
    return 4 * (block - s->ready);
}

// Widens `count` elements, in pairs the other way round, to every `step` of x; the rest of the last four is 0.
// biases: 128 times the elements is added to its lanes.
static inline void widen(const int8_t *from, int32_t count, int16_t *x, int32_t step, upyml_words *biases) {
    const upyml_halves bias = {128, 128, 128, 128, 128, 128, 128, 128};
    for (; count >= 8; count -= 8, from += 8, x += 2 * step) {
        int64_t bytes;
        memcpy(&bytes, from, sizeof bytes);
        upyml_halves pairs = (upyml_halves)(upyml_longs){bytes, bytes};
        upyml_halves first = (upyml_halves)((upyml_unsigned_halves)pairs << 8) >> 8;
        pairs = upyml_interleave_first(pairs >> 8, first);
        *biases = upyml_add_products(*biases, pairs, bias);
        memcpy(x, &pairs, 8);
        memcpy(x + step, (const int16_t *)&pairs + 4, 8);
    }
    for (; count > 0; count -= 4, from += 4, x += step) {
        x[1] = from[0];
        x[0] = count > 1 ? from[1] : 0;
        x[3] = count > 2 ? from[2] : 0;
        x[2] = count > 3 ? from[3] : 0;
        (*biases)[0] += (uint32_t)((x[0] + x[1] + x[2] + x[3]) * 128);
    }
}

// Elements [at, end) of a window's row, whose first column is ix. row: NULL outside of the image.
static void stage(const upyml_window *p, const int8_t *row, int32_t ix, int32_t at, int32_t end, int8_t *staged) {
    for (int32_t kx = at / p->in_c, c = at % p->in_c; at < end; kx++, c = 0) {
        int32_t x = ix + kx * p->dilation_w, count = p->in_c - c < end - at ? p->in_c - c : end - at;
        const int8_t *from = row && x >= 0 && x < p->in_w ? row + x * p->in_c + c : NULL;
        for (int32_t i = 0; i < count; i++) {
            staged[i] = from ? from[i] : (int8_t)p->in_zero_point;
        }
        staged += count;
        at += count;
    }
}

// The words [first, first + count) of the window of output pixel (oy, ox), to every `step` of x. Answers what the bias
// of the weights adds to its sums.
static uint32_t gather(const convolution *s, int32_t oy, int32_t ox, int32_t first, int32_t count, int16_t *x,
    int32_t step) {
    const upyml_window *p = s->p;
    int32_t ix = ox * p->stride_w - p->pad_left, ky = 0, at = 0;
    int inside = ix >= 0 && ix + (p->kernel_w - 1) * p->dilation_w < p->in_w && (p->dilation_w == 1 || p->kernel_w == 1);
    upyml_words biases = upyml_four_words(0);
    if (first > 0) {
        ky = first / s->run_quads;
        at = first % s->run_quads * 4;
    }
    while (count > 0) {
        int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
        const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(&s->rows, iy) : NULL;
        int32_t end = s->run - at < 4 * count ? s->run : at + 4 * count;
        int8_t staged[STAGED];
        if (row && inside) {
            widen(row + ix * p->in_c + at, end - at, x, step, &biases);
        } else {
            end = end - at < STAGED ? end : at + STAGED;
            stage(p, row, ix, at, end, staged);
            widen(staged, end - at, x, step, &biases);
        }
        int32_t quads = (end - at + 3) >> 2;
        count -= quads;
        x += quads * step;
        at = end == s->run ? 0 : end;
        ky += end == s->run;
    }
    return biases[0] + biases[1] + biases[2] + biases[3];
}

static inline upyml_halves first_pair(upyml_halves w) {
    return w & 0xff;
}

static inline upyml_halves second_pair(upyml_halves w) {
    return (upyml_halves)((upyml_unsigned_halves)w >> 8);
}

static inline upyml_halves broadcast(upyml_words words, int lane) {
    return (upyml_halves)upyml_four_words(words[lane]);
}

// Adds to the sums of four pixels what two blocks of channels make of them. x: four elements of each in turn.
static inline void add_pixels(upyml_words sums[2][TILE], const uint8_t *weights, const uint8_t *next, const int16_t *x,
    int32_t quads) {
    upyml_words s0 = sums[0][0], s1 = sums[0][1], s2 = sums[0][2], s3 = sums[0][3];
    upyml_words n0 = sums[1][0], n1 = sums[1][1], n2 = sums[1][2], n3 = sums[1][3];
    for (; quads > 0; quads--, weights += 16, next += 16, x += 4 * TILE) {
        upyml_halves w = upyml_load_halves(weights), n = upyml_load_halves(next);
        upyml_words x01 = (upyml_words)upyml_load_halves(x), x23 = (upyml_words)upyml_load_halves(x + 8);
        upyml_halves first = first_pair(w), next_first = first_pair(n);
        s0 = upyml_add_products(s0, first, broadcast(x01, 0));
        n0 = upyml_add_products(n0, next_first, broadcast(x01, 0));
        s1 = upyml_add_products(s1, first, broadcast(x01, 2));
        n1 = upyml_add_products(n1, next_first, broadcast(x01, 2));
        s2 = upyml_add_products(s2, first, broadcast(x23, 0));
        n2 = upyml_add_products(n2, next_first, broadcast(x23, 0));
        s3 = upyml_add_products(s3, first, broadcast(x23, 2));
        n3 = upyml_add_products(n3, next_first, broadcast(x23, 2));
        upyml_halves second = second_pair(w), next_second = second_pair(n);
        s0 = upyml_add_products(s0, second, broadcast(x01, 1));
        n0 = upyml_add_products(n0, next_second, broadcast(x01, 1));
        s1 = upyml_add_products(s1, second, broadcast(x01, 3));
        n1 = upyml_add_products(n1, next_second, broadcast(x01, 3));
        s2 = upyml_add_products(s2, second, broadcast(x23, 1));
        n2 = upyml_add_products(n2, next_second, broadcast(x23, 1));
        s3 = upyml_add_products(s3, second, broadcast(x23, 3));
        n3 = upyml_add_products(n3, next_second, broadcast(x23, 3));
    }
    sums[0][0] = s0;
    sums[0][1] = s1;
    sums[0][2] = s2;
    sums[0][3] = s3;
    sums[1][0] = n0;
    sums[1][1] = n1;
    sums[1][2] = n2;
    sums[1][3] = n3;
}

// The same for one pixel and four blocks.
static inline void add_blocks(upyml_words sums[TILE], const uint8_t *const weights[TILE], const int16_t *x, int32_t quads) {
    upyml_words s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const uint8_t *w0 = weights[0], *w1 = weights[1], *w2 = weights[2], *w3 = weights[3];
    for (int32_t i = 0; i < quads; i++, x += 4) {
        uint32_t pairs[2];
        memcpy(pairs, x, sizeof pairs);
        upyml_halves a = (upyml_halves)upyml_four_words(pairs[0]), b = (upyml_halves)upyml_four_words(pairs[1]);
        upyml_halves w = upyml_load_halves(w0 + 16 * i);
        s0 = upyml_add_products(upyml_add_products(s0, first_pair(w), a), second_pair(w), b);
        w = upyml_load_halves(w1 + 16 * i);
        s1 = upyml_add_products(upyml_add_products(s1, first_pair(w), a), second_pair(w), b);
        w = upyml_load_halves(w2 + 16 * i);
        s2 = upyml_add_products(upyml_add_products(s2, first_pair(w), a), second_pair(w), b);
        w = upyml_load_halves(w3 + 16 * i);
        s3 = upyml_add_products(upyml_add_products(s3, first_pair(w), a), second_pair(w), b);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

static void store(int8_t *output, const int8_t *made, int32_t channels) {
    if (channels >= 4) {
        memcpy(output, made, 4);
        return;
    }
    for (int32_t i = 0; i < channels; i++) {
        output[i] = made[i];
    }
}

// A tile of `count` pixels that lie in x, each with all of its window, to the outputs.
static void make_tile(convolution *s, const uint32_t biases[TILE], int8_t *const outputs[TILE], int32_t count) {
    const upyml_window *p = s->p;
    const uint8_t *weights = p->weights;
    for (int32_t block = 0; block < s->blocks; block += 2, weights += (ptrdiff_t)32 * s->quads) {
        int32_t at = ready(s, block);
        int32_t two = block + 1 < s->blocks;  // else the last one is done twice
        upyml_words sums[2][TILE];
        for (int i = 0; i < TILE; i++) {
            sums[0][i] = upyml_load_words(s->factors.bias + at) - upyml_four_words(biases[i]);
            sums[1][i] = upyml_load_words(s->factors.bias + at + 4) - upyml_four_words(biases[i]);
        }
        add_pixels(sums, weights, weights + (ptrdiff_t)16 * s->quads * two, s->x, s->quads);
        for (int32_t own = 0; own <= two; own++) {
            uint32_t values[16];
            int8_t made[16];
            memcpy(values, sums[own], sizeof values);
            upyml_finish_4_by_4(values, &s->factors, at + 4 * own, &s->range, made);
            int32_t channel = 4 * (block + own);
            for (int32_t i = 0; i < count; i++) {
                store(outputs[i] + channel, made + 4 * i, p->out_c - channel);
            }
        }
    }
}

// One pixel, its window in pieces where there is no room for all of it.
static void make_pixel(convolution *s, int32_t oy, int32_t ox, int8_t *output) {
    int32_t gathered = -1;
    uint32_t bias = 0;
    for (int32_t block = 0; block < s->blocks; block += TILE, output += 16) {
        int32_t at = ready(s, block);
        const uint8_t *weights[TILE];
        upyml_words sums[TILE];
        for (int32_t i = 0; i < TILE; i++) {
            int32_t own = smaller(block + i, s->blocks - 1);  // there is none beyond the last
            weights[i] = s->p->weights + (ptrdiff_t)16 * s->quads * own;
            sums[i] = upyml_load_words(s->factors.bias + at + 4 * i);
        }
        for (int32_t first = 0; first < s->quads; first += ROOM / 4) {
            int32_t count = smaller(s->quads - first, ROOM / 4);
            if (gathered != first) {
                bias = gather(s, oy, ox, first, count, s->x, 4);
                gathered = first;
            }
            for (int i = 0; i < TILE; i++) {
                sums[i] -= upyml_four_words(bias);
            }
            add_blocks(sums, weights, s->x, count);
            for (int i = 0; i < TILE; i++) {
                weights[i] += 16 * count;
            }
        }
        uint32_t values[16];
        int8_t made[16];
        memcpy(values, sums, sizeof values);
        upyml_finish_16(values, &s->factors, at, &s->range, made);
        for (int i = 0; i < TILE && block + i < s->blocks; i++) {
            store(output + 4 * i, made + 4 * i, s->p->out_c - 4 * (block + i));
        }
    }
}

static void make_rows(convolution *s, int8_t *output) {
    const upyml_window *p = s->p;
    uint32_t biases[TILE] = {0};
    int8_t *outputs[TILE];
    int32_t count = p->end_row - p->first_row, gathered = 0;
    int by_pixel = s->quads > ROOM / (4 * TILE) || (count == 1 && p->out_w == 1);
    memset(s->x, 0, by_pixel ? 0 : (size_t)s->quads * 4 * TILE * sizeof *s->x);  // there may be less than one tile
    for (int32_t step = 0; step < count; step++) {
        int32_t oy = upyml_rows_output(&s->rows, p, step);
        upyml_rows_load(&s->rows, p, oy);
        int8_t *pixel = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        for (int32_t ox = 0; ox < p->out_w; ox++, pixel += p->out_c) {
            if (by_pixel) {
                make_pixel(s, oy, ox, pixel);
                continue;
            }
            biases[gathered] = gather(s, oy, ox, 0, s->quads, s->x + 4 * gathered, 4 * TILE);
            outputs[gathered++] = pixel;
            if (gathered == TILE) {
                make_tile(s, biases, outputs, TILE);
                gathered = 0;
            }
        }
    }
    if (gathered > 0) {
        make_tile(s, biases, outputs, gathered);
    }
}

void upyml_host_conv2d(const upyml_window *p, int per_channel, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (upyml_is_coded(p->coding)) {
        upyml_conv2d_coded(p, per_channel, input, output, scratch);
        return;
    }
    convolution s;
    s.p = p;
    s.channels = upyml_read_channels(p->channels, p->out_c, per_channel);
    s.range = (upyml_range){p->out_zero_point, p->clamp_min, p->clamp_max};
    s.run = p->kernel_w * p->in_c;
    s.run_quads = (s.run + 3) >> 2;
    s.quads = p->kernel_h * s.run_quads;
    s.blocks = (p->out_c + 3) >> 2;
    s.ready = -1;
    upyml_rows_begin(&s.rows, p, input, scratch);
    if (upyml_is_pointwise(p) && s.quads <= ROOM / 4) {
        s.rows.ring = NULL;  // each pixel is read once, before anything is written over it
    }
    make_rows(&s, output);
}

void upyml_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    upyml_window pixels;
    if (p->order != UPYML_ORDER_DISJOINT && upyml_is_pointwise(p)) {  // a plan may overlap it pixel by pixel
        pixels = upyml_by_pixel(p);
        p = &pixels;
    }
    upyml_host_conv2d(p, 1, input, output, scratch);
}

int32_t upyml_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    (void)strip;
    if (p->order != UPYML_ORDER_DISJOINT && upyml_is_pointwise(p)) {
        return p->in_c;
    }
    return upyml_ring_size(p);
}
