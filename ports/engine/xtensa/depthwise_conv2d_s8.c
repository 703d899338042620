// Depthwise convolution in strips, channel by channel: pack the strip's input rows, sum, requantize. See depthwise.h.
#include "../pairs/depthwise_pixels.h"
#include "depthwise.h"

#include "../pairs/load_word.h"
#include "../rows.h"
#include "../weights.h"

enum { LEAST_STRIP = 4 };  // rows that four planes at once are worth while for

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

static void prepare(upyml_depthwise *d, int32_t channel) {
    upyml_prepare(&d->job.q, upyml_load_word(d->channels.multipliers + 4 * channel), d->channels.shifts[channel],
        d->channels.bits[channel], d->p->out_zero_point);
}

static const uint8_t *block_of(const upyml_depthwise *d, int32_t channel) {
    return d->p->weights + (channel >> 2) * (((d->p->kernel_h * d->p->kernel_w + 3) & ~3) * 4);
}

static void clamp_rows(const upyml_depthwise *d, int8_t *output, int32_t rows) {
    const upyml_window *p = d->p;
    for (int32_t i = rows * p->out_w; i > 0; i--, output += p->out_c) {
        *output = (int8_t)upyml_clamp(*output, p->clamp_min, p->clamp_max);
    }
}

// Weights and requantization of a channel for the loops in assembly.
static void begin_3x3(upyml_depthwise *d, int32_t channel) {
    const uint8_t *words = block_of(d, channel) + 4 * (channel & 3);
    uint32_t first = (uint32_t)upyml_load_word(words), second = (uint32_t)upyml_load_word(words + 16), last = words[34];
    const uint8_t taps[9] = {  // k = 0, 1, 3, 4, 6, 7, 2, 5, 8; bytes hold 1, 3, 0, 2
        (uint8_t)(first >> 16), (uint8_t)first, (uint8_t)(first >> 8),
        (uint8_t)(second >> 16), (uint8_t)(second >> 24), (uint8_t)(second >> 8),
        (uint8_t)(first >> 24), (uint8_t)second, (uint8_t)last,
    };
    int32_t sum = 0;
    for (int i = 0; i < 9; i++) {
        int32_t weight = taps[i] - 128;
        d->job.weights[i] = (int16_t)(4 * weight);
        sum += weight;
    }
    d->job.bias = (int32_t)(4 * ((uint32_t)upyml_load_word(d->channels.bias + 4 * channel) - 128 * (uint32_t)sum));
    prepare(d, channel);
}

// `rows` rows of output that lie one behind the other, from row `from` of the strip on.
static void run_3x3(upyml_depthwise *d, const uint8_t *plane, int32_t from, int8_t *output, int32_t rows) {
    const upyml_window *p = d->p;
    upyml_depthwise_job *job = &d->job;
    job->column = (const int32_t *)plane + from * p->stride_h;
    job->output = output;
    job->rows = rows;
    job->columns = p->out_w;
    if (p->stride_h == 2) {
        upyml_depthwise_3x3_stride_2(job);
    } else if (p->stride_w == 2) {
        upyml_depthwise_3x3_one(job);
    } else {
        job->columns = p->out_w >> 1;
        if (job->columns) {
            upyml_depthwise_3x3_two(job);
        }
        if (p->out_w & 1) {
            job->column = (const int32_t *)plane + from + (p->out_w >> 1) * d->l.rows;
            job->output = output + (p->out_w - 1) * p->out_c;
            job->columns = 1;
            upyml_depthwise_3x3_one(job);
        }
    }
}

// The taps that are not 0: distance in bytes << 8 | weight. Answers their end.
static const uint32_t *list_taps(upyml_depthwise *d, int32_t channel) {
    const upyml_window *p = d->p;
    uint32_t *tap = d->taps;
    int32_t k = 0;
    for (int32_t ky = 0; ky < p->kernel_h; ky++) {
        int32_t at = ky * p->dilation_h * d->l.columns;
        for (int32_t kx = 0; kx < p->kernel_w; kx++, k++, at += p->dilation_w) {
            int32_t weight = upyml_weight(block_of(d, channel), k, channel & 3);
            if (weight) {
                *tap++ = (uint32_t)at << 9 | (uint8_t)weight;
            }
        }
    }
    return tap;
}

enum { BATCH = 4 };  // pixels that a tap is looked up for

// `count` pixels of a row, up to BATCH. x: the first one's window.
static void sum_taps(const uint32_t *tap, const uint32_t *end, const int16_t *x, int32_t step, int32_t count,
    uint32_t sums[BATCH]) {
    if (count < BATCH) {
        for (; tap < end; tap++) {
            const int16_t *at = x + (*tap >> 9);
            for (int32_t i = 0; i < count; i++, at += step) {
                sums[i] += (uint32_t)((int8_t)*tap * *at);
            }
        }
        return;
    }
    uint32_t sum0 = sums[0], sum1 = sums[1], sum2 = sums[2], sum3 = sums[3];
    for (; tap < end; tap++) {
        const int16_t *at = x + (*tap >> 9);
        int32_t weight = (int8_t)*tap;
        sum0 += (uint32_t)(weight * at[0]);
        sum1 += (uint32_t)(weight * at[step]);
        sum2 += (uint32_t)(weight * at[2 * step]);
        sum3 += (uint32_t)(weight * at[3 * step]);
    }
    sums[0] = sum0;
    sums[1] = sum1;
    sums[2] = sum2;
    sums[3] = sum3;
}

// One row of output with any kernel and any requantization.
static void run_taps(const upyml_depthwise *d, const uint32_t *end, int32_t bias, const int16_t *x, int8_t *output) {
    const upyml_window *p = d->p;
    const upyml_prepared *q = &d->job.q;
    for (int32_t column = 0; column < p->out_w; column += BATCH, x += BATCH * d->l.step) {
        int32_t count = smaller(p->out_w - column, BATCH);
        uint32_t sums[BATCH];
        int8_t made[BATCH];
        for (int i = 0; i < BATCH; i++) {
            sums[i] = (uint32_t)bias;
        }
        sum_taps(d->taps, end, x, d->l.step, count, sums);
        if (!q->plain) {
            upyml_requantize_values((const int32_t *)sums, made, q, count);
        }
        for (int32_t i = 0; i < count; i++, output += p->out_c) {
            int32_t y = made[i];
            if (q->plain) {
                y = upyml_requantize_plain((int32_t)sums[i], q, p->out_zero_point);
            }
            *output = (int8_t)upyml_clamp(y, p->clamp_min, p->clamp_max);
        }
    }
}

// Output rows `row` to row + rows - 1 of one output channel, from what was packed.
static void make_channel(upyml_depthwise *d, upyml_form f, const uint8_t *plane, int32_t channel, int32_t row,
    int32_t rows) {
    const upyml_window *p = d->p;
    const uint32_t *end = NULL;
    int32_t bias = upyml_load_word(d->channels.bias + 4 * channel), row_bytes = p->out_w * p->out_c;
    if (f == UPYML_COLUMNS) {
        begin_3x3(d, channel);
    } else {
        prepare(d, channel);
        end = list_taps(d, channel);
    }
    for (int32_t from = 0; from < rows;) {
        int32_t slot = upyml_slot(row + from, p->out_ring), n = smaller(rows - from, p->out_ring - slot);
        int8_t *output = d->output + slot * row_bytes + channel;
        if (f == UPYML_COLUMNS) {
            run_3x3(d, plane, from, output, n);
            if (p->clamp_min > -128 || p->clamp_max < 127) {
                clamp_rows(d, output, n);
            }
        } else {
            for (int32_t i = 0; i < n; i++) {
                const int16_t *x = (const int16_t *)plane + (from + i) * p->stride_h * d->l.columns;
                run_taps(d, end, bias, x, output + i * row_bytes);
            }
        }
        from += n;
    }
}

static int is_plain(const upyml_depthwise *d, int32_t channel, int32_t count) {
    for (; count > 0; count--, channel++) {
        if (upyml_is_plain(upyml_load_word(d->channels.multipliers + 4 * channel), d->channels.shifts[channel],
            d->channels.bits[channel], d->p->out_zero_point)) {
            return 1;
        }
    }
    return 0;
}

// Output rows from `row` to `end` of all channels, one channel, or four, after another.
static void make_planes(upyml_depthwise *d, int32_t row, int32_t end) {
    const upyml_window *p = d->p;
    int is_3x3 = upyml_depthwise_is_3x3(p);
    for (int32_t channel = 0, count; channel < p->in_c; channel += count) {
        count = d->l.planes;
        upyml_form f = is_3x3 && !is_plain(d, channel * p->multiplier, count * p->multiplier) ? UPYML_COLUMNS : UPYML_ROWS;
        count = f == UPYML_COLUMNS ? count : 1;
        if (channel + count > p->in_c || (channel & (count - 1))) {
            count = 1;
        }
        for (int32_t first = row, before = 0; first < end; first += before) {
            int32_t rows = smaller(d->strip, end - first);
            upyml_depthwise_pack(d, f, channel, count, first, rows, before);
            before = rows;
            for (int32_t i = 0; i < count * p->multiplier; i++) {
                const uint8_t *plane = d->planes + (count == 1 ? 0 : i / p->multiplier * d->l.plane);
                make_channel(d, f, plane, channel * p->multiplier + i, first, rows);
            }
        }
    }
}

// The largest strip, in output rows, for which there is room; 0 where there is none for one row.
static int32_t choose_strip(const upyml_window *p, int32_t planes) {
    upyml_depthwise_layout l;
    int32_t fits = 0, most = p->end_row - p->first_row;
    for (int32_t strip = most; fits < most; strip = (fits + most + 1) >> 1) {
        if (upyml_depthwise_lay_out(p, strip, planes, &l) <= p->scratch_size) {
            fits = strip;
        } else {
            most = strip - 1;
        }
    }
    return fits;
}

static void begin(upyml_depthwise *d, const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    d->p = p;
    d->input = input;
    d->output = output;
    d->in_ring = p->in_ring;
    d->filled = UPYML_NOTHING;
    d->planes = scratch;
    d->channels = upyml_read_channels(p->channels, p->out_c, 1);
    int32_t rows = p->end_row - p->first_row, four = 0;
    if (upyml_depthwise_is_3x3(p) && (p->in_c & 3) == 0) {
        four = choose_strip(p, 4);
    }
    int on_words = p->order == UPYML_ORDER_FORWARD || p->order == UPYML_ORDER_REVERSE || ((uintptr_t)input & 3) == 0;
    int32_t planes = on_words && four >= smaller(rows, LEAST_STRIP) ? 4 : 1;
    d->strip = planes == 4 ? four : choose_strip(p, 1);
    upyml_depthwise_lay_out(p, d->strip, planes, &d->l);
    d->repeats = d->strip < rows;
    d->taps = (uint32_t *)(void *)(scratch + d->l.taps);
    d->job.column_bytes = 4 * d->l.rows;
    d->job.out_c = p->out_c;
    d->job.row_bytes = p->out_w * p->out_c;
}

void upyml_depthwise_conv2d_s8(const upyml_window *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    if (upyml_depthwise_takes_pixels(p)) {
        upyml_depthwise_pixels(p, input, output);
        return;
    }
    upyml_depthwise d;
    begin(&d, p, input, output, scratch);
    if (p->order == UPYML_ORDER_DISJOINT || p->order == UPYML_ORDER_PLANE) {
        make_planes(&d, p->first_row, p->end_row);
        return;
    }
    upyml_rows rows;
    upyml_rows_begin(&rows, p, input, scratch + d.l.ring);
    rows.ring_rows = d.in_ring = d.l.ring_rows;
    d.input = (const int8_t *)rows.ring;
    int32_t count = p->end_row - p->first_row;
    for (int32_t done = 0; done < count; done += d.strip) {
        int32_t next = smaller(done + d.strip, count);
        for (int32_t step = done; step < next; step++) {
            upyml_rows_load(&rows, p, upyml_rows_output(&rows, p, step));
        }
        int32_t first = upyml_rows_output(&rows, p, rows.reverse ? next - 1 : done);
        make_planes(&d, first, first + next - done);
    }
}
