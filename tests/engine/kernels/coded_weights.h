// Random weights, and how they lie in a file in each coding: see SPEC.md, "Weights".
#ifndef UPYML_TEST_CODED_WEIGHTS_H
#define UPYML_TEST_CODED_WEIGHTS_H

#include <string.h>

#include "format_layout.h"
#include "random_values.h"

// Weights of output channels, each kernel rows of a run of k; a dense layer's are one row.
typedef struct {
    int8_t *values;
    int32_t channels, rows, run;
} integers;

static inline int8_t *weight_at(const integers *w, int32_t channel, int32_t row, int32_t k) {
    return w->values + (channel * w->rows + row) * w->run + k;
}

// 0 beyond the last channel and the run's last k, as files are filled up.
static inline int32_t weight_or_0(const integers *w, int32_t channel, int32_t row, int32_t k) {
    return channel < w->channels && k < w->run ? *weight_at(w, channel, row, k) : 0;
}

static inline int32_t sum_of_sizes(const integers *w, int32_t channel) {
    int32_t sum = 0;
    for (int32_t k = 0; k < w->rows * w->run; k++) {
        int32_t weight = *weight_at(w, channel, 0, k);
        sum += weight < 0 ? -weight : weight;
    }
    return sum;
}

// Clears most blocks of four channels by two k, or few; sometimes all of the four channels.
static inline void clear_blocks(const integers *w) {
    int32_t percent = one_in(6) ? 100 : one_in(6) ? 0 : between(0, 100);
    for (int32_t channel = 0; channel < w->channels; channel += 4) {
        int32_t kept = one_in(6) ? 0 : percent;
        for (int32_t i = 0; i < w->rows * w->run; i++) {
            int32_t k = i % w->run, clear = k & 1 ? 0 : between(1, 100) > kept;
            for (int32_t own = channel; clear && own < channel + 4 && own < w->channels; own++) {
                memset(weight_at(w, own, 0, i), 0, k + 1 < w->run ? 2 : 1);
            }
        }
    }
}

// Weights that a coding can tell.
static inline void random_integers(const integers *w, int coding) {
    int32_t most = coding == UPYML_CODING_INT4 ? 7 : 127;
    for (int32_t channel = 0; channel < w->channels; channel++) {
        int32_t size = one_in(3) ? most : between(1, most < 100 ? most : 100), extreme = one_in(8);
        for (int32_t k = 0; k < w->rows * w->run; k++) {
            *weight_at(w, channel, 0, k) = (int8_t)(extreme ? (one_in(2) ? -most : most) : between(-size, size));
        }
    }
    if (coding == UPYML_CODING_SPARSE) {
        clear_blocks(w);
    }
}

// One word for each of four channels and `group` k: four as bytes, eight as nibbles.
static inline uint8_t *pack_words(const integers *w, int group, uint8_t *to) {
    static const int byte[] = {2, 0, 3, 1}, nibble[] = {4, 0, 5, 1, 6, 2, 7, 3};  // of w[k], the lowest first
    for (int32_t channel = 0; channel < w->channels; channel += 4) {
        for (int32_t row = 0; row < w->rows; row++) {
            for (int32_t k = 0; k < w->run; k += group) {
                for (int32_t own = channel; own < channel + 4; own++, to += 4) {
                    uint32_t word = 0;
                    for (int i = 0; i < group; i++) {
                        uint32_t weight = (uint32_t)(weight_or_0(w, own, row, k + i) + (group == 4 ? 128 : 8));
                        word |= weight << (group == 4 ? 8 * byte[i] : 4 * nibble[i]);
                    }
                    store(to, (int32_t)word);
                }
            }
        }
    }
    return to;
}

static inline int pair_is_0(const integers *w, int32_t channel, int32_t row, int32_t k) {
    for (int i = 0; i < 8; i++) {
        if (weight_or_0(w, channel + (i >> 1), row, k + (i & 1))) {
            return 0;
        }
    }
    return 1;
}

static inline void store_pair(const integers *w, int32_t channel, int32_t row, int32_t k, uint8_t *to) {
    for (int i = 0; i < 4; i++) {
        uint8_t *word = to + 4 * (i >> 1) + (i & 1);
        word[0] = (uint8_t)(weight_or_0(w, channel + i, row, k + 1) + 128);
        word[2] = (uint8_t)(weight_or_0(w, channel + i, row, k) + 128);
    }
}

// Answers the most pairs of a block, filled up to twos.
static inline int32_t pack_sparse(const integers *w, uint8_t *to) {
    int32_t blocks = (w->channels + 3) / 4, row_pairs = (w->run + 1) / 2, most = 0;
    uint8_t *group = to + 4 * (blocks + 1);
    for (int32_t block = 0; block < blocks; block++) {
        int32_t count = 0, last = 0;
        store(to + 4 * block, (int32_t)(group - to));
        for (int32_t pair = 0; pair < w->rows * row_pairs; pair++) {
            int32_t row = pair / row_pairs, k = pair % row_pairs * 2;
            if (!pair_is_0(w, 4 * block, row, k)) {
                last = 4 * pair;
                group[2 * (count & 1)] = (uint8_t)last;
                group[2 * (count & 1) + 1] = (uint8_t)(last >> 8);
                store_pair(w, 4 * block, row, k, group + 4 + 8 * (count & 1));
                count++;
                group += count & 1 ? 0 : 20;
            }
        }
        if (count & 1) {
            group[2] = (uint8_t)last;
            group[3] = (uint8_t)(last >> 8);
            memset(group + 12, 128, 8);
            count++;
            group += 20;
        }
        most = count > most ? count : most;
    }
    store(to + 4 * blocks, (int32_t)(group - to));
    return most;
}

// Answers what `pairs` is in a kernel's parameters.
static inline int32_t pack_weights(const integers *w, int coding, uint8_t *to) {
    if (coding == UPYML_CODING_SPARSE) {
        return pack_sparse(w, to);
    }
    pack_words(w, coding == UPYML_CODING_INT4 ? 8 : 4, to);
    return 0;
}

#endif
