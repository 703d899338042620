// Convolution on a computer with 64 bits: four pixels by eight channels at a time.
//
// The windows of four pixels are widened to 16 bits and laid side by side, in pairs of k as the file has the weights:
// w1, w3, w0, w2. So 16 bytes of the file, two masks away, are the factors of two pairs for each of four channels, and
// one instruction multiplies and adds a pair for all of them. Weights stay biased by 128: 128 times the sum of the
// window is taken off instead. Windows too large for that are taken pixel by pixel, in pieces, 16 channels at a time.
//
// Cost: 7 instructions of SSE2 for 16 products. Stack: 15 KB; scratch: none but the rows that the plain kernel keeps.
// Weights of four bits, biased by 8, take as much. Sparse ones cannot do with two blocks at a time, which have other pairs
// of k each, and take 12 for 16 products that are not left out.
#include "conv2d.h"

#include "../ops.h"
#include "../rows.h"
#include "../weights.h"
#include "lanes.h"
#include "requantize_lanes.h"
#include "sums.h"

enum {
    TILE = UPYML_TILE,
    ROOM = UPYML_SMALL_ROOMS ? 16 : 5120,  // elements of the windows of one tile
    STAGED = UPYML_SMALL_ROOMS ? 32 : 256,  // bytes of a window's row that leaves the image or is dilated
};

typedef struct {
    const upyml_window *p;
    upyml_rows rows;
    upyml_channels channels;
    upyml_range range;
    int32_t run, row, elements, blocks;  // elements of a window's row; filled up as weights are; of the window
    int32_t block_bytes;  // of weights that are not sparse
    int32_t step, second, pixel;  // in x: from four elements to the next, from two to the other two, from pixel to pixel
    int16_t bias;  // of weights: what sums start without
    int32_t ready;  // the block that the factors begin with; -1: none
    upyml_factors factors;
    int16_t x[ROOM + 2 * TILE];  // the last row's may be filled up to fours
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

static inline void put(int16_t *x, int32_t second, const void *four) {
    if (second == 2) {
        memcpy(x, four, 8);
    } else {
        memcpy(x, four, 4);
        memcpy(x + second, (const int16_t *)four + 2, 4);
    }
}

// Widens `count` elements, in pairs the other way round, to every `step` of x; the rest of the last four is 0.
// biases: the weights' bias times the elements is added to its lanes.
static inline void widen(const convolution *s, const int8_t *from, int32_t count, int16_t *x, upyml_words *biases) {
    const upyml_halves bias = {s->bias, s->bias, s->bias, s->bias, s->bias, s->bias, s->bias, s->bias};
    int32_t step = s->step, second = s->second;
    for (; count >= 8; count -= 8, from += 8, x += 2 * step) {
        int64_t bytes;
        memcpy(&bytes, from, sizeof bytes);
        upyml_halves pairs = (upyml_halves)(upyml_longs){bytes, bytes};
        upyml_halves first = (upyml_halves)((upyml_unsigned_halves)pairs << 8) >> 8;
        pairs = upyml_interleave_first(pairs >> 8, first);
        *biases = upyml_add_products(*biases, pairs, bias);
        put(x, second, &pairs);
        put(x + step, second, (const int16_t *)&pairs + 4);
    }
    for (; count > 0; count -= 4, from += 4, x += step) {
        int16_t four[4] = {count > 1 ? from[1] : 0, from[0], count > 3 ? from[3] : 0, count > 2 ? from[2] : 0};
        put(x, second, four);
        (*biases)[0] += (uint32_t)((four[0] + four[1] + four[2] + four[3]) * s->bias);
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

// The elements [first, first + count) of the window of output pixel (oy, ox), to x. Answers what the bias of the weights
// adds to its sums.
static uint32_t gather(const convolution *s, int32_t oy, int32_t ox, int32_t first, int32_t count, int16_t *x) {
    const upyml_window *p = s->p;
    int32_t ix = ox * p->stride_w - p->pad_left, ky = 0, at = 0;
    int inside = ix >= 0 && ix + (p->kernel_w - 1) * p->dilation_w < p->in_w && (p->dilation_w == 1 || p->kernel_w == 1);
    upyml_words biases = upyml_four_words(0);
    if (first > 0) {
        ky = first / s->row;
        at = first % s->row;
    }
    while (count > 0) {
        int32_t iy = oy * p->stride_h - p->pad_top + ky * p->dilation_h;
        const int8_t *row = iy >= 0 && iy < p->in_h ? upyml_row(&s->rows, iy) : NULL;
        int32_t end = s->run - at < count ? s->run : at + count;
        int8_t staged[STAGED];
        if (row && inside) {
            widen(s, row + ix * p->in_c + at, end - at, x, &biases);
        } else {
            end = end - at < STAGED ? end : at + STAGED;
            stage(p, row, ix, at, end, staged);
            widen(s, staged, end - at, x, &biases);
        }
        int32_t made = end == s->run ? s->row - at : end - at;
        if (made - (end - at) > 3) {  // of eight, filled up
            memset(x + (made - 4) / 4 * s->step, 0, 8);
        }
        count -= made;
        x += made / 4 * s->step + (made & 2 ? s->second : 0);
        at = end == s->run ? 0 : end;
        ky += end == s->run;
    }
    return biases[0] + biases[1] + biases[2] + biases[3];
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

// Adds to a tile's sums what a block and the next one make of x. two: there is a next one, else it is done twice.
static inline void add_tile(const convolution *s, upyml_tile_sums *sums, int32_t block, int32_t two) {
    const uint8_t *weights = s->p->weights, *own = weights + (ptrdiff_t)s->block_bytes * block;
    const uint8_t *next = own + (two ? s->block_bytes : 0);
    if (UPYML_HAS(SPARSE) && s->p->coding == UPYML_CODING_SPARSE) {
        upyml_add_tile_sparse(sums->own, weights, block, s->x);
        if (two) {
            upyml_add_tile_sparse(sums->next, weights, block + 1, s->x);
        }
    } else if (UPYML_HAS(INT4) && s->p->coding == UPYML_CODING_INT4) {
        upyml_add_tile_int4(sums, own, next, s->x, s->elements / 4);
    } else {
        upyml_add_tile_int8(sums, own, next, s->x, s->elements / 4);
    }
}

// A tile of `count` pixels that lie in x, each with all of its window, to the outputs.
static void make_tile(convolution *s, const uint32_t biases[TILE], int8_t *const outputs[TILE], int32_t count) {
    const upyml_window *p = s->p;
    for (int32_t block = 0; block < s->blocks; block += 2) {
        int32_t at = ready(s, block), two = block + 1 < s->blocks;
        upyml_tile_sums sums;
        for (int i = 0; i < TILE; i++) {
            sums.own[i] = upyml_load_words(s->factors.bias + at) - upyml_four_words(biases[i]);
            sums.next[i] = upyml_load_words(s->factors.bias + at + 4) - upyml_four_words(biases[i]);
        }
        add_tile(s, &sums, block, two);
        for (int32_t own = 0; own <= two; own++) {
            uint32_t values[16];
            int8_t made[16];
            memcpy(values, own ? sums.next : sums.own, sizeof values);
            upyml_finish_4_by_4(values, &s->factors, at + 4 * own, &s->range, made);
            int32_t channel = 4 * (block + own);
            for (int32_t i = 0; i < count; i++) {
                store(outputs[i] + channel, made + 4 * i, p->out_c - channel);
            }
        }
    }
}

// Adds to the sums of a pixel what four blocks make of the elements [first, first + count), which lie in x.
static inline void add_blocks(const convolution *s, upyml_words sums[TILE], int32_t block, int32_t first, int32_t count) {
    const uint8_t *weights[TILE];
    int int4 = UPYML_HAS(INT4) && s->p->coding == UPYML_CODING_INT4;
    for (int32_t i = 0; i < TILE; i++) {
        int32_t own = smaller(block + i, s->blocks - 1);  // there is none beyond the last
        weights[i] = s->p->weights + (ptrdiff_t)s->block_bytes * own + (int4 ? 2 * first : 4 * first);
    }
    if (int4) {
        upyml_add_blocks_int4(sums, weights, s->x, count / 4);
    } else {
        upyml_add_blocks_int8(sums, weights, s->x, count / 4);
    }
}

static inline void add_sparse_blocks(const convolution *s, upyml_words sums[TILE], int32_t block, int32_t first,
    int32_t count) {
    const uint8_t *weights = s->p->weights;
    for (int32_t i = 0; i < TILE && block + i < s->blocks; i++) {
        sums[i] = count == s->elements
            ? upyml_add_block_sparse(sums[i], weights, block + i, s->x, 0, 0, 1)
            : upyml_add_block_sparse(sums[i], weights, block + i, s->x, first / 2, count / 2, 0);
    }
}

// One pixel, its window in pieces where there is no room for all of it.
static void make_pixel(convolution *s, int32_t oy, int32_t ox, int8_t *output) {
    int32_t gathered = -1;
    uint32_t bias = 0;
    for (int32_t block = 0; block < s->blocks; block += TILE, output += 16) {
        int32_t at = ready(s, block);
        upyml_words sums[TILE];
        for (int32_t i = 0; i < TILE; i++) {
            sums[i] = upyml_load_words(s->factors.bias + at + 4 * i);
        }
        for (int32_t first = 0; first < s->elements; first += ROOM) {
            int32_t count = smaller(s->elements - first, ROOM);
            if (gathered != first) {
                bias = gather(s, oy, ox, first, count, s->x);
                gathered = first;
            }
            for (int i = 0; i < TILE; i++) {
                sums[i] -= upyml_four_words(bias);
            }
            if (UPYML_HAS(SPARSE) && s->p->coding == UPYML_CODING_SPARSE) {
                add_sparse_blocks(s, sums, block, first, count);
            } else {
                add_blocks(s, sums, block, first, count);
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
    int by_pixel = s->elements > ROOM / TILE || (count == 1 && p->out_w == 1);
    int by_pairs = !by_pixel && p->coding == UPYML_CODING_SPARSE;
    s->step = by_pixel ? 4 : 4 * TILE;
    s->second = by_pairs ? 2 * TILE : 2;
    s->pixel = by_pairs ? 2 : 4;
    memset(s->x, 0, by_pixel ? 0 : (size_t)s->elements * TILE * sizeof *s->x);  // there may be less than one tile
    for (int32_t step = 0; step < count; step++) {
        int32_t oy = upyml_rows_output(&s->rows, p, step);
        upyml_rows_load(&s->rows, p, oy);
        int8_t *pixel = output + upyml_slot(oy, p->out_ring) * p->out_w * p->out_c;
        for (int32_t ox = 0; ox < p->out_w; ox++, pixel += p->out_c) {
            if (by_pixel) {
                make_pixel(s, oy, ox, pixel);
                continue;
            }
            biases[gathered] = gather(s, oy, ox, 0, s->elements, s->x + s->pixel * gathered);
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
    convolution s;
    s.p = p;
    s.channels = upyml_read_channels(p->channels, p->out_c, per_channel);
    s.range = (upyml_range){p->out_zero_point, p->clamp_min, p->clamp_max};
    s.run = p->kernel_w * p->in_c;
    int32_t unit = p->coding == UPYML_CODING_SPARSE ? 2 : p->coding == UPYML_CODING_INT4 ? UPYML_INT4_GROUP : 4;
    s.row = (s.run + unit - 1) & -unit;
    s.elements = p->kernel_h * s.row;
    s.block_bytes = p->coding == UPYML_CODING_INT4 ? 2 * s.elements : 4 * s.elements;
    s.bias = p->coding == UPYML_CODING_SPARSE ? 0 : p->coding == UPYML_CODING_INT4 ? UPYML_INT4_BIAS : 128;
    s.blocks = (p->out_c + 3) >> 2;
    s.ready = -1;
    upyml_rows_begin(&s.rows, p, input, scratch);
    if (upyml_is_pointwise(p) && s.elements <= ROOM) {
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
