// Depthwise convolution in strips, channel by channel: pack the strip's input rows, sum, requantize. See depthwise.h.
#include "../rows.h"
#include "../weights.h"
#include "depthwise.h"
#include "requantization.h"

// At most: each lane changes from padding to kept rows, around the end of a ring, to the input and to padding again.
enum { MAX_RUNS = 9 };

typedef struct {
    const upyml_window *p;
    const int8_t *input;
    int8_t *output;
    int32_t in_ring, strip;
    upyml_depthwise_layout layout;
    int32_t *words, *accumulators;
    int8_t *weights, *kept;
    int32_t kept_end;  // input rows before it are read from `kept`
    int8_t zero_point;
    int32_t packed_row;  // output row of the strip that `runs` describes
    upyml_depthwise_run runs[MAX_RUNS + 1];
    int32_t prepared;  // output channel of all that follows
    int32_t bias, in_assembly;
    upyml_requantization_m0 requantization;
    upyml_depthwise_rows_3x3 rows;
} planes;

// Where input row y of channel 0 lies, and how many rows from it on lie one behind the other.
typedef struct {
    const int8_t *start;
    int32_t step, rows;
} source;

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

// end: rows from it on are not needed.
static source find_rows(const planes *s, int32_t y, int32_t end) {
    const upyml_window *p = s->p;
    source found = {&s->zero_point, 0, INT32_MAX};
    if (y < 0) {
        found.rows = -y;
    } else if (y < s->kept_end) {
        int32_t slot = y % s->layout.kept_rows;
        found.start = s->kept + slot * p->in_w;
        found.step = 1;
        found.rows = smaller(s->kept_end - y, s->layout.kept_rows - slot);
    } else if (y < end) {
        int32_t slot = upyml_slot(y, s->in_ring);
        found.start = s->input + slot * p->in_w * p->in_c;
        found.step = p->in_c;
        found.rows = smaller(end - y, s->in_ring - slot);
    }
    return found;
}

static int32_t strip_start(const planes *s, int32_t row) {
    return row * s->p->stride_h - s->p->pad_top;
}

static int32_t strip_end(const planes *s, int32_t row, int32_t rows) {
    return smaller(strip_start(s, row + rows - 1) + upyml_reach(s->p), s->p->in_h);
}

static void find_runs(planes *s, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    int32_t pairs = (rows + 1) >> 1, left = (pairs - 1) * p->stride_h + upyml_reach(p);
    int32_t low_row = strip_start(s, row), high_row = strip_start(s, row + pairs), end = strip_end(s, row, rows);
    int32_t *words = s->words + p->pad_left;
    upyml_depthwise_run *run = s->runs;
    while (left > 0 && run < s->runs + MAX_RUNS) {
        source low = find_rows(s, low_row, end), high = find_rows(s, high_row, end);
        int32_t count = smaller(smaller(low.rows, high.rows), left);
        upyml_depthwise_run next = {low.start, high.start, words, low.step, high.step, count};
        *run++ = next;
        words += count * s->layout.row_words;
        low_row += count;
        high_row += count;
        left -= count;
    }
    run->rows = 0;
    s->packed_row = row;
}

// Copies the rows that the next strip needs as well: this strip's output may lie over them.
static void keep_rows(planes *s, int32_t channel, int32_t next_row, int32_t end) {
    const upyml_window *p = s->p;
    int32_t y = strip_start(s, next_row);
    for (y = y < s->kept_end ? s->kept_end : y; y < end; y++) {
        const int8_t *x = s->input + y * p->in_w * p->in_c + channel;
        int8_t *kept = s->kept + y % s->layout.kept_rows * p->in_w;
        for (int32_t column = 0; column < p->in_w; column++, x += p->in_c) {
            kept[column] = *x;
        }
    }
    s->kept_end = end;
}

static int32_t size_of(int32_t weight) {
    return weight < 0 ? -weight : weight;
}

static void prepare(planes *s, int32_t channel) {
    const upyml_window *p = s->p;
    int32_t taps = p->kernel_h * p->kernel_w;
    const uint8_t *block = p->weights + (channel >> 2) * (((taps + 3) & ~3) * 4);
    for (int32_t k = 0; k < taps; k++) {
        s->weights[k] = (int8_t)upyml_weight(block, k, channel & 3);
    }
    upyml_channels channels = upyml_read_channels(p->channels, p->out_c, 1);
    s->bias = upyml_load_int32(channels.bias + 4 * channel);
    upyml_m0_prepare(&s->requantization, upyml_load_int32(channels.multipliers + 4 * channel),
        channels.shifts[channel], channels.bits[channel], p->out_zero_point, p->clamp_min, p->clamp_max);
    s->prepared = channel;
    if (!upyml_depthwise_is_3x3(p)) {
        return;
    }
    s->in_assembly = 1;
    s->rows.bias = s->bias;
    s->rows.loop = p->stride_w == 2 ? 2 : 0;
    int two_taps = 0;
    for (int32_t k = 0; k < 9; k += 3) {
        const int8_t *w = s->weights + k;
        int32_t two = size_of(w[0]) + size_of(w[1]);
        s->rows.weights[k] = w[0];
        s->rows.weights[k + 1] = w[1];
        s->rows.weights[k + 2] = w[2];
        two_taps |= two + size_of(w[2]) > 255;  // 255 * 128 still fits 16 bits
        s->in_assembly &= two <= 255;
    }
    s->rows.loop += two_taps;
}

// Any kernel: each product is split by itself.
static void sum_rows(const planes *s, const int32_t *row, int32_t pairs) {
    const upyml_window *p = s->p;
    uint32_t bias = (uint32_t)s->bias;
    int32_t tap_row = p->dilation_h * s->layout.row_words, *accumulators = s->accumulators;
    for (; pairs > 0; pairs--, row += p->stride_h * s->layout.row_words) {
        const int32_t *first = row;
        for (int32_t column = 0; column < p->out_w; column++, first += p->stride_w) {
            uint32_t sum = 0, high = bias;
            const int8_t *w = s->weights;
            const int32_t *words = first;
            for (int32_t ky = 0; ky < p->kernel_h; ky++, words += tap_row) {
                const int32_t *x = words, *end = words + p->kernel_w * p->dilation_w;
                for (; x != end; x += p->dilation_w) {
                    int32_t product = *w++ * *x;
                    sum += (uint32_t)product;
                    high += (uint32_t)((product + 0x8000) >> 16);
                }
            }
            *accumulators++ = (int32_t)high;
            *accumulators++ = (int32_t)(sum + bias - ((high - bias) << 16));
        }
    }
}

static void sum_rows_3x3(planes *s, const int32_t *row, int32_t pairs) {
    upyml_depthwise_rows_3x3 *rows = &s->rows;
    int32_t odd = s->p->out_w & 1, span = (s->p->out_w + odd) * s->p->stride_w;
    rows->words = row;
    rows->accumulators = s->accumulators;
    rows->row_end = row + span;
    rows->last_row_end = rows->row_end + (pairs - 1) * (rows->row_bytes >> 2);
    upyml_depthwise_run_3x3(rows);
}

// Row `row` of the output and those after it from one lane.
static void write_rows(const planes *s, const int32_t *accumulators, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    while (rows > 0) {
        int32_t slot = upyml_slot(row, p->out_ring), count = smaller(rows, p->out_ring - slot);
        upyml_m0_requantize(accumulators, s->output + slot * p->out_w * p->out_c + s->prepared, &s->requantization,
            count * p->out_w, 8, p->out_c);
        accumulators += 2 * count * p->out_w;
        row += count;
        rows -= count;
    }
}

static void make_channel(planes *s, int32_t channel, int32_t row, int32_t rows) {
    const upyml_window *p = s->p;
    if (channel != s->prepared) {
        prepare(s, channel);
    }
    int32_t pairs = (rows + 1) >> 1, step = p->stride_h * s->layout.row_words;
    for (int32_t done = 0; done < pairs; done += s->layout.batch) {
        int32_t count = smaller(s->layout.batch, pairs - done);
        if (s->in_assembly) {
            sum_rows_3x3(s, s->words + done * step, count);
        } else {
            sum_rows(s, s->words + done * step, count);
        }
        write_rows(s, s->accumulators + 1, row + done, count);
        write_rows(s, s->accumulators, row + pairs + done, smaller(count, rows - pairs - done));
    }
}

// Output rows from `row` to `end` of all channels, one channel after another.
static void make_planes(planes *s, int32_t row, int32_t end) {
    const upyml_window *p = s->p;
    int32_t row_gap = 4 * (s->layout.row_words - p->in_w);
    for (int32_t channel = 0; channel < p->in_c; channel++) {
        s->kept_end = 0;
        for (int32_t first = row; first < end; first += s->strip) {
            int32_t rows = smaller(s->strip, end - first);
            if (first != s->packed_row) {
                find_runs(s, first, rows);
            }
            upyml_depthwise_pack(s->runs, channel, p->in_w, row_gap);
            if (s->layout.kept_rows > 0 && first + rows < end) {
                keep_rows(s, channel, first + rows, strip_end(s, first, rows));
            }
            for (int32_t i = 0; i < p->multiplier; i++) {
                make_channel(s, channel * p->multiplier + i, first, rows);
            }
        }
    }
}

static void begin(planes *s, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    s->p = p;
    s->input = input;
    s->output = output;
    s->in_ring = p->in_ring;
    s->strip = p->end_row - p->first_row;
    while (s->strip > 1 && upyml_depthwise_conv2d_s8_scratch_size(p, s->strip) > p->scratch_size) {
        s->strip--;
    }
    upyml_depthwise_lay_out(p, s->strip, &s->layout);
    s->words = (int32_t *)(void *)scratch;
    s->accumulators = (int32_t *)(void *)(scratch + s->layout.accumulators);
    s->weights = (int8_t *)scratch + s->layout.weights;
    s->kept = (int8_t *)scratch + s->layout.kept;
    s->zero_point = (int8_t)p->in_zero_point;
    s->packed_row = s->prepared = -1;
    s->in_assembly = 0;
    int32_t tap_bytes = 4 * p->dilation_h * s->layout.row_words, window = p->stride_w == 2 ? 20 : 16;
    int32_t span = 4 * (p->out_w + (p->out_w & 1)) * p->stride_w;
    s->rows.advance = tap_bytes - window;
    s->rows.back = 8 * p->stride_w - 2 * tap_bytes - window;
    s->rows.row_bytes = 4 * p->stride_h * s->layout.row_words;
    s->rows.next_row = s->rows.row_bytes - span;
    s->rows.surplus = p->out_w & 1 ? 8 : 0;
    // The padding stays: only what lies between is packed again for each channel.
    for (int32_t i = 0; i < s->layout.word_rows * s->layout.row_words; i++) {
        s->words[i] = p->in_zero_point * 65537;
    }
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    planes s;
    begin(&s, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_planes(&s, p->first_row, p->end_row);
        return;
    }
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch + s.layout.ring);
    rows.ring_rows = s.in_ring = s.layout.ring_rows;
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
