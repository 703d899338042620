// The product of two activations on a Cortex-M0+, two products a multiplication. Columns of the right matrix are packed to
// scratch, as many as there is room for, then each row of the left one, which meets them all.
//
// A pair of products must lie within 16 bits, and -128 * -128 + -128 * -128 does not. So the values of even k of the
// columns are packed one too high: x[k] * (w[k] + 1) + x[k + 1] * w[k + 1] is between -32640 and 32640, and the row's sum of
// its even values makes up for it. Zero points are no part of the packed values either: of row x and column w, the sum of
// (x - zx) * (w - zw) is that of x * w less zw * sum of x less zx * sum of w plus depth * zx * zw.
#include "../../math/attention.h"
#include "../../requantize.h"
#include "../requantization.h"

// batch_matmul_dots.S
void upyml_batch_matmul_dots(const int32_t *columns, const int32_t *row, int32_t pairs, int32_t *accumulators,
    int32_t blocks);

enum {
    BLOCK = 4,  // columns
    BATCH = 8,  // blocks whose accumulators are on the stack at a time
};

typedef struct {
    const upyml_batch_matmul *p;
    upyml_prepared q;
    int32_t pairs;  // of k
    int32_t *row;  // packed
    int32_t *starts;  // where the accumulators of the columns held start, less what depends on the row
    int32_t *columns;  // packed, by blocks
} product;

static int32_t pairs_of(const upyml_batch_matmul *p) {
    return (int32_t)(((uint32_t)p->depth + 1) >> 1);
}

static uint32_t block_bytes(const upyml_batch_matmul *p) {
    return (uint32_t)pairs_of(p) * (BLOCK * 4) + BLOCK * 4;
}

// Packs a row; answers what its values have in each accumulator.
static int32_t pack_row(const product *m, const int8_t *x) {
    int32_t step = m->p->left[3], even = 0, odd = 0, left = m->p->depth >> 1;
    int32_t *word = m->row;
    for (; left > 0; left--) {
        int32_t x0 = x[0], x1 = x[step];
        x += 2 * step;
        even += x0;
        odd += x1;
        *word++ = x1 * 65536 + x0;
    }
    if (m->p->depth & 1) {
        even += *x;
        *word = *x;
    }
    int32_t zero_point = m->p->right_zero_point;
    return -(zero_point + 1) * even - zero_point * odd;
}

// Packs a column, whose words lie a block apart; answers where its accumulator starts.
static int32_t pack_column(const product *m, const int8_t *w, int32_t *word) {
    int32_t step = m->p->right[2], sum = 0, left = m->p->depth >> 1;
    for (; left > 0; left--, word += BLOCK) {
        int32_t w0 = w[0], w1 = w[step];
        w += 2 * step;
        sum += w0 + w1;
        *word = (w0 + 1) * 65536 + w1;
    }
    if (m->p->depth & 1) {
        sum += *w;
        *word = (*w + 1) * 65536;
    }
    int32_t zero_point = m->p->left_zero_point;
    uint32_t both = (uint32_t)(zero_point * m->p->right_zero_point);
    return (int32_t)((uint32_t)m->p->depth * both - (uint32_t)zero_point * (uint32_t)sum);
}

// A block's missing columns stay as they are in scratch: nothing reads their sums.
static void pack_columns(const product *m, const int8_t *right, int32_t count) {
    for (int32_t j = 0; j < count; j++, right += m->p->right[3]) {
        int32_t *block = m->columns + (j / BLOCK) * m->pairs * BLOCK;
        m->starts[j] = pack_column(m, right, block + j % BLOCK);
    }
}

static void multiply_row(const product *m, const int8_t *left, int8_t *output, int32_t count) {
    int32_t of_row = pack_row(m, left), step = m->p->output[3];
    for (int32_t j = 0; j < count; j += BATCH * BLOCK) {
        int32_t accumulators[BATCH * BLOCK];
        int32_t now = count - j < BATCH * BLOCK ? count - j : BATCH * BLOCK, blocks = (now + BLOCK - 1) / BLOCK;
        for (int32_t i = 0; i < blocks * BLOCK; i++) {
            accumulators[i] = upyml_add_wrapped(m->starts[j + i], of_row);
        }
        upyml_batch_matmul_dots(m->columns + j * m->pairs, m->row, m->pairs, accumulators, blocks);
        upyml_requantize_prepared(accumulators, output + j * step, &m->q, now, 4, step);
    }
}

// Columns are held `held` at a time, whole blocks.
static void multiply(const product *m, const int8_t *left, const int8_t *right, int8_t *output, int32_t held) {
    const upyml_batch_matmul *p = m->p;
    for (int32_t first = 0; first < p->count[3]; first += held) {
        int32_t count = p->count[3] - first < held ? p->count[3] - first : held;
        pack_columns(m, right + first * p->right[3], count);
        for (int32_t i = 0; i < p->count[2]; i++) {
            multiply_row(m, left + i * p->left[2], output + first * p->output[3] + i * p->output[2], count);
        }
    }
}

static int bits_of(int32_t depth) {
    int bits = 16;  // of a product
    for (; depth; depth >>= 1) {
        bits++;
    }
    return bits < 32 ? bits : 32;
}

void upyml_batch_matmul_s8(const upyml_batch_matmul *p, const int8_t *left, const int8_t *right, int8_t *output,
    uint8_t *scratch) {
    product m;
    m.p = p;
    m.pairs = pairs_of(p);
    int32_t blocks = (p->count[3] + BLOCK - 1) / BLOCK;
    int32_t held = (int32_t)(((uint32_t)p->scratch_size - (uint32_t)m.pairs * 4) / block_bytes(p));
    held = (held < blocks ? held : blocks) * BLOCK;
    m.row = (int32_t *)(void *)scratch;
    m.starts = m.row + m.pairs;
    m.columns = m.starts + held;
    upyml_prepare(&m.q, p->multiplier, p->shift, bits_of(p->depth), p->out_zero_point, p->clamp_min, p->clamp_max);
    for (int32_t b0 = 0; b0 < p->count[0]; b0++) {
        for (int32_t b1 = 0; b1 < p->count[1]; b1++) {
            multiply(&m, left + b0 * p->left[0] + b1 * p->left[1], right + b0 * p->right[0] + b1 * p->right[1],
                output + b0 * p->output[0] + b1 * p->output[1], held);
        }
    }
}

uint32_t upyml_batch_matmul_s8_scratch_size(const upyml_batch_matmul *p) {
    return (uint32_t)pairs_of(p) * 4 + block_bytes(p);
}
