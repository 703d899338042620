// Depthwise convolution in strips of output rows, channel by channel: the input rows that the strip reads are packed into a
// plane of bytes with its padding, then all of the strip's windows are made from it.
#include "../pairs/depthwise_pixels.h"
#include "depthwise.h"

#include "../pairs/load_word.h"
#include "../rows.h"
#include "../weights.h"

// Scratch: the plane, weights of one channel, and for the orders FORWARD and REVERSE input rows with all channels.
typedef struct {
    int32_t row_step;  // rows of the plane from one output row to the next
    int32_t row_bytes, plane_rows, ring_rows;
    int32_t weights, ring;  // offsets in bytes
} layout;

typedef struct {
    const upyml_window *p;
    const int8_t *input;
    int8_t *output, *plane, *weights;
    int32_t in_ring, strip;
    int32_t prepared;  // output channel of what follows
    int is_3x3, fast;  // rows may be, are upyml_depthwise_rows_3x3's
    upyml_prepared q;
    upyml_depthwise_rows rows;
    layout l;
    upyml_channels channels;
} planes;

enum { LARGE = 1 << 30 };  // bytes of a plane

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b) {
    return a > b ? a : b;
}

// Answers the size in bytes.
static int32_t lay_out(const upyml_window *p, int32_t strip, layout *l) {
    int32_t reach_h = upyml_reach(p), reach_w = (p->kernel_w - 1) * p->dilation_w + 1;
    int in_ring = p->order == UPYML_ORDER_FORWARD || p->order == UPYML_ORDER_REVERSE;
    strip = smaller(strip, p->out_h);
    l->row_step = smaller(p->stride_h, reach_h);
    l->row_bytes = larger((p->out_w - 1) * p->stride_w + reach_w, p->pad_left + p->in_w);
    l->plane_rows = (strip - 1) * l->row_step + reach_h;
    l->ring_rows = in_ring ? smaller((strip - 1) * p->stride_h + reach_h, p->in_h) : 0;
    int64_t plane = (int64_t)l->plane_rows * l->row_bytes, taps = (int64_t)p->kernel_h * p->kernel_w;
    if (plane > LARGE || taps > LARGE >> 2) {  // a file from outside may ask for more than there can be
        return INT32_MAX;
    }
    l->weights = ((int32_t)plane + 3) & ~3;
    l->ring = l->weights + ((p->kernel_h * p->kernel_w + 3) & ~3);
    return l->ring + l->ring_rows * p->in_w * p->in_c;
}

int32_t upyml_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip) {
    layout l;
    return lay_out(p, strip, &l);
}

// Packs what output rows first to first + rows - 1 read, but for what the strip of `before` rows before it has packed: it
// may be overwritten by now. before: 0 for a channel's first strip.
static void pack(const planes *s, int32_t channel, int32_t first, int32_t rows, int32_t before) {
    const upyml_window *p = s->p;
    const layout *l = &s->l;
    int32_t reach = upyml_reach(p), left = (rows - 1) * l->row_step + reach, kept = before ? reach - l->row_step : 0;
    if (kept) {
        memmove(s->plane, s->plane + before * l->row_step * l->row_bytes, (size_t)(kept * l->row_bytes));
    }
    left -= kept;
    int8_t *to = s->plane + kept * l->row_bytes + p->pad_left;
    int32_t y = first * p->stride_h - p->pad_top + kept, in_window = 0;
    int apart = l->row_step < p->stride_h;  // rows between are not read
    while (left > 0) {
        int32_t count = 1;
        if (y < 0 || y >= p->in_h) {
            memset(to, p->in_zero_point, (size_t)p->in_w);
        } else {
            int32_t slot = upyml_slot(y, s->in_ring);
            count = apart ? 1 : smaller(smaller(left, p->in_h - y), s->in_ring - slot);
            upyml_depthwise_copy(s->input + slot * p->in_w * p->in_c + channel, to, p->in_w, count, p->in_c,
                l->row_bytes);
        }
        to += count * l->row_bytes;
        y += count;
        left -= count;
        if (apart && ++in_window == reach) {
            in_window = 0;
            y += p->stride_h - reach;
        }
    }
}

// Weights of a channel in order; there is room for whole quads.
static void read_weights(const uint8_t *quad, int8_t *weights, int32_t count) {
    for (; count > 0; count -= 4, quad += 16) {
        *weights++ = (int8_t)(quad[2] - 128);
        *weights++ = (int8_t)(quad[0] - 128);
        *weights++ = (int8_t)(quad[3] - 128);
        *weights++ = (int8_t)(quad[1] - 128);
    }
}

static void prepare(planes *s, int32_t channel) {
    const upyml_window *p = s->p;
    int32_t taps = p->kernel_h * p->kernel_w;
    s->prepared = channel;
    s->rows.bias = upyml_load_word(s->channels.bias + 4 * channel);
    upyml_prepare_channel(&s->q, upyml_load_word(s->channels.multipliers + 4 * channel), s->channels.shifts[channel],
        s->channels.bits[channel]);
    read_weights(p->weights + (channel >> 2) * (((taps + 3) & ~3) * 4) + 4 * (channel & 3), s->weights, taps);
    s->fast = s->is_3x3 && !s->q.plain && s->q.below != 0;
}

// Sums of four windows that begin at these distances from x.
static void sum_four(const planes *s, const int8_t *x, const int32_t distances[4], int32_t sums[4]) {
    const upyml_window *p = s->p;
    const int8_t *weight = s->weights, *x0 = x, *x1 = x + distances[1], *x2 = x + distances[2], *x3 = x + distances[3];
    int32_t sum0 = s->rows.bias, sum1 = sum0, sum2 = sum0, sum3 = sum0, step = p->dilation_w;
    int32_t next = p->dilation_h * s->l.row_bytes - p->kernel_w * step;
    for (int32_t ky = 0; ky < p->kernel_h; ky++, x0 += next, x1 += next, x2 += next, x3 += next) {
        for (const int8_t *end = weight + p->kernel_w; weight < end; x0 += step, x1 += step, x2 += step, x3 += step) {
            int32_t w = *weight++;
            sum0 = upyml_add_wrapped(sum0, w * *x0);
            sum1 = upyml_add_wrapped(sum1, w * *x1);
            sum2 = upyml_add_wrapped(sum2, w * *x2);
            sum3 = upyml_add_wrapped(sum3, w * *x3);
        }
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

// A row of any kernel, four pixels at a time: the last four end with the row, if it has so many.
static void make_row(const planes *s, const int8_t *x, int8_t *output) {
    const upyml_window *p = s->p;
    int32_t most = smaller(p->out_w, 4), distances[4], sums[4];
    for (int32_t i = 0; i < 4; i++) {
        distances[i] = smaller(i, most - 1) * p->stride_w;
    }
    for (int32_t column = 0; column < p->out_w; column += 4) {
        int32_t at = smaller(column, p->out_w - most);
        sum_four(s, x + at * p->stride_w, distances, sums);
        upyml_requantize_prepared(sums, output + at * p->out_c, &s->q, most, 4, p->out_c);
    }
}

// Output rows `row` to `row` + `rows` of one output channel, the first of which begins at x.
static void make_channel(planes *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    if (channel != s->prepared) {
        prepare(s, channel);
    }
    const int8_t *x = s->plane;
    while (rows > 0) {
        int32_t slot = upyml_slot(row, p->out_ring), count = smaller(rows, p->out_ring - slot);
        int8_t *output = s->output + slot * p->out_w * p->out_c + channel;
        if (s->fast) {
            s->rows.x = x;
            s->rows.output = output;
            s->rows.rows = count;
            upyml_depthwise_rows_3x3(&s->rows);
        } else {
            for (int32_t i = 0; i < count; i++) {
                make_row(s, x + i * s->rows.next_row, output + i * p->out_w * p->out_c);
            }
        }
        x += count * s->rows.next_row;
        row += count;
        rows -= count;
    }
}

// Output rows from `row` to `end` of all channels, one channel after another.
static void make_planes(planes *s, int32_t row, int32_t end) {
    const upyml_window *p = s->p;
    for (int32_t channel = 0; channel < p->in_c; channel++) {
        int32_t before = 0;
        for (int32_t first = row; first < end; first += before) {
            int32_t rows = smaller(s->strip, end - first);
            pack(s, channel, first, rows, before);
            for (int32_t i = 0; i < p->multiplier; i++) {
                make_channel(s, channel * p->multiplier + i, first, rows);
            }
            before = rows;
        }
    }
}

// The largest strip, in output rows, for which there is room.
static int32_t choose_strip(const upyml_window *p) {
    int32_t fits = 1, most = p->end_row - p->first_row;
    for (int32_t strip = most; fits < most; strip = (fits + most + 1) >> 1) {
        if (upyml_depthwise_conv2d_s8_scratch_size(p, strip) <= p->scratch_size) {
            fits = strip;
        } else {
            most = strip - 1;
        }
    }
    return fits;
}

static void begin(planes *s, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    s->p = p;
    s->input = input;
    s->output = output;
    s->in_ring = p->in_ring;
    s->strip = choose_strip(p);
    lay_out(p, s->strip, &s->l);
    s->plane = (int8_t *)scratch;
    s->weights = (int8_t *)scratch + s->l.weights;
    s->prepared = -1;
    s->is_3x3 = p->kernel_h == 3 && p->kernel_w == 3 && p->dilation_w == 1 && p->stride_w <= 2;
    s->rows.weights = s->weights;
    s->channels = upyml_read_channels(p->channels, p->out_c, 1);
    upyml_prepare_range(&s->q, p->out_zero_point, p->clamp_min, p->clamp_max);
    s->rows.q = &s->q;
    s->rows.tap_row = p->dilation_h * s->l.row_bytes;
    s->rows.next_row = s->l.row_step * s->l.row_bytes;
    s->rows.out_step = p->out_c;
    s->rows.columns = p->out_w;
    s->rows.stride = p->stride_w;
    // The padding at the left and the right stays.
    memset(s->plane, p->in_zero_point, (size_t)(s->l.plane_rows * s->l.row_bytes));
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (upyml_depthwise_takes_pixels(p)) {
        upyml_depthwise_pixels(p, input, output);
        return;
    }
    planes s;
    begin(&s, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_planes(&s, p->first_row, p->end_row);
        return;
    }
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch + s.l.ring);
    rows.ring_rows = s.in_ring = s.l.ring_rows;
    s.input = (const int8_t *)rows.ring;
    int32_t count = p->end_row - p->first_row;
    for (int32_t done = 0; done < count; done += s.strip) {
        int32_t next = smaller(done + s.strip, count);
        for (int32_t step = done; step < next; step++) {
            upyml_rows_load(&rows, p, upyml_rows_output(&rows, p, step));
        }
        int32_t first = upyml_rows_output(&rows, p, rows.reverse ? next - 1 : done);
        make_planes(&s, first, first + next - done);
    }
}
