// What blocks of four output channels add to sums, with weights in each of their codings. A vector of sums is a pixel's four
// channels, one of weights a pair of k of each, biased as in the file: sums that start without what the bias adds are right.
//
// Of four pixels x is pairs side by side: INT8 and INT4 read two of a pixel, then the next one's, SPARSE one of each pixel.
#ifndef UPYML_HOST_SUMS_H
#define UPYML_HOST_SUMS_H

#include "../weights_int4.h"
#include "../weights_sparse.h"
#include "lanes.h"

enum { UPYML_TILE = 4 };  // pixels, and blocks of four channels where there is one pixel

static inline upyml_halves upyml_broadcast_pair(const int16_t *x) {
    uint32_t pair;
    memcpy(&pair, x, sizeof pair);
    return (upyml_halves)upyml_four_words(pair);
}

// Of the `bits` that a weight has, those at a multiple: a pair of each channel. The last ones need no mask.
static inline upyml_halves upyml_weight_pairs(upyml_halves words, int at, int bits) {
    upyml_halves shifted = (upyml_halves)((upyml_unsigned_halves)words >> at);
    return at + bits == 16 ? shifted : shifted & (int16_t)((1 << bits) - 1);
}

// Of four pixels, two blocks.
typedef struct {
    upyml_words own[UPYML_TILE], next[UPYML_TILE];
} upyml_tile_sums;

// A pair of k of each pixel.
static inline void upyml_add_pair(upyml_tile_sums *s, upyml_halves own, upyml_halves next, upyml_halves x0, upyml_halves x1,
    upyml_halves x2, upyml_halves x3) {
    s->own[0] = upyml_add_products(s->own[0], own, x0);
    s->next[0] = upyml_add_products(s->next[0], next, x0);
    s->own[1] = upyml_add_products(s->own[1], own, x1);
    s->next[1] = upyml_add_products(s->next[1], next, x1);
    s->own[2] = upyml_add_products(s->own[2], own, x2);
    s->next[2] = upyml_add_products(s->next[2], next, x2);
    s->own[3] = upyml_add_products(s->own[3], own, x3);
    s->next[3] = upyml_add_products(s->next[3], next, x3);
}

// Two pairs of k, their weights from bit `at` of each half on.
static inline void upyml_add_quad(upyml_tile_sums *s, upyml_halves own, upyml_halves next, const int16_t *x, int at, int bits) {
    upyml_words x01 = (upyml_words)upyml_load_halves(x), x23 = (upyml_words)upyml_load_halves(x + 8);
    upyml_add_pair(s, upyml_weight_pairs(own, at, bits), upyml_weight_pairs(next, at, bits), UPYML_BROADCAST(x01, 0),
        UPYML_BROADCAST(x01, 2), UPYML_BROADCAST(x23, 0), UPYML_BROADCAST(x23, 2));
    at += bits;
    upyml_add_pair(s, upyml_weight_pairs(own, at, bits), upyml_weight_pairs(next, at, bits), UPYML_BROADCAST(x01, 1),
        UPYML_BROADCAST(x01, 3), UPYML_BROADCAST(x23, 1), UPYML_BROADCAST(x23, 3));
}

static inline void upyml_add_tile_int8(upyml_tile_sums *sums, const uint8_t *own, const uint8_t *next, const int16_t *x,
    int32_t quads) {
    upyml_tile_sums s = *sums;
    for (; quads > 0; quads--, own += 16, next += 16, x += 4 * UPYML_TILE) {
        upyml_add_quad(&s, upyml_load_halves(own), upyml_load_halves(next), x, 0, 8);
    }
    *sums = s;
}

static inline void upyml_add_tile_int4(upyml_tile_sums *sums, const uint8_t *own, const uint8_t *next, const int16_t *x,
    int32_t quads) {
    upyml_tile_sums s = *sums;
    for (; quads > 0; quads -= 2, own += 16, next += 16, x += 8 * UPYML_TILE) {
        upyml_halves w = upyml_load_halves(own), n = upyml_load_halves(next);
        upyml_add_quad(&s, w, n, x, 0, 4);
        upyml_add_quad(&s, w, n, x + 4 * UPYML_TILE, 8, 4);
    }
    *sums = s;
}

// Of one block, number `number`.
static inline void upyml_add_tile_sparse(upyml_words sums[UPYML_TILE], const uint8_t *weights, int32_t number,
    const int16_t *x) {
    const uint8_t *group = upyml_sparse_block(weights, number);
    upyml_words s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (int32_t groups = upyml_sparse_groups(weights, number); groups > 0; groups--, group += UPYML_SPARSE_GROUP_BYTES) {
        upyml_halves bytes = upyml_load_halves(group + 4);
        upyml_words even = (upyml_words)((bytes & 0xff) - 128);  // channels 0 and 2 of both pairs
        upyml_words odd = (upyml_words)((upyml_halves)((upyml_unsigned_halves)bytes >> 8) - 128);
        const upyml_halves w[2] = {
            (upyml_halves)upyml_interleave_first_words(even, odd), (upyml_halves)upyml_interleave_last_words(even, odd),
        };
        for (int pair = 0; pair < 2; pair++) {
            int32_t place = upyml_sparse_place(group, pair);
            upyml_words four = (upyml_words)upyml_load_halves(x + place / 4 * 2 * UPYML_TILE);
            s0 = upyml_add_products(s0, w[pair], UPYML_BROADCAST(four, 0));
            s1 = upyml_add_products(s1, w[pair], UPYML_BROADCAST(four, 1));
            s2 = upyml_add_products(s2, w[pair], UPYML_BROADCAST(four, 2));
            s3 = upyml_add_products(s3, w[pair], UPYML_BROADCAST(four, 3));
        }
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

// Of one pixel, four blocks, from their first quad on that is in x.
static inline void upyml_add_blocks_int8(upyml_words sums[UPYML_TILE], const uint8_t *const weights[UPYML_TILE],
    const int16_t *x, int32_t quads) {
    upyml_words s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    const uint8_t *w0 = weights[0], *w1 = weights[1], *w2 = weights[2], *w3 = weights[3];
    for (int32_t i = 0; i < quads; i++, x += 4) {
        upyml_halves a = upyml_broadcast_pair(x), b = upyml_broadcast_pair(x + 2), w = upyml_load_halves(w0 + 16 * i);
        s0 = upyml_add_products(upyml_add_products(s0, upyml_weight_pairs(w, 0, 8), a), upyml_weight_pairs(w, 8, 8), b);
        w = upyml_load_halves(w1 + 16 * i);
        s1 = upyml_add_products(upyml_add_products(s1, upyml_weight_pairs(w, 0, 8), a), upyml_weight_pairs(w, 8, 8), b);
        w = upyml_load_halves(w2 + 16 * i);
        s2 = upyml_add_products(upyml_add_products(s2, upyml_weight_pairs(w, 0, 8), a), upyml_weight_pairs(w, 8, 8), b);
        w = upyml_load_halves(w3 + 16 * i);
        s3 = upyml_add_products(upyml_add_products(s3, upyml_weight_pairs(w, 0, 8), a), upyml_weight_pairs(w, 8, 8), b);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

// One block, eight k.
static inline upyml_words upyml_add_group_int4(upyml_words sum, const uint8_t *weights, const upyml_halves x[4]) {
    upyml_halves w = upyml_load_halves(weights);
    sum = upyml_add_products(sum, upyml_weight_pairs(w, 0, 4), x[0]);
    sum = upyml_add_products(sum, upyml_weight_pairs(w, 4, 4), x[1]);
    sum = upyml_add_products(sum, upyml_weight_pairs(w, 8, 4), x[2]);
    return upyml_add_products(sum, upyml_weight_pairs(w, 12, 4), x[3]);
}

static inline void upyml_add_blocks_int4(upyml_words sums[UPYML_TILE], const uint8_t *const weights[UPYML_TILE],
    const int16_t *x, int32_t quads) {
    upyml_words s0 = sums[0], s1 = sums[1], s2 = sums[2], s3 = sums[3];
    for (int32_t at = 0; quads > 0; quads -= 2, at += UPYML_INT4_GROUP_BYTES, x += UPYML_INT4_GROUP) {
        const upyml_halves pairs[4] = {
            upyml_broadcast_pair(x), upyml_broadcast_pair(x + 2), upyml_broadcast_pair(x + 4), upyml_broadcast_pair(x + 6),
        };
        s0 = upyml_add_group_int4(s0, weights[0] + at, pairs);
        s1 = upyml_add_group_int4(s1, weights[1] + at, pairs);
        s2 = upyml_add_group_int4(s2, weights[2] + at, pairs);
        s3 = upyml_add_group_int4(s3, weights[3] + at, pairs);
    }
    sums[0] = s0;
    sums[1] = s1;
    sums[2] = s2;
    sums[3] = s3;
}

// Of one pixel and one block the pairs that are in x: `pairs` from `first` on, or all.
static inline upyml_words upyml_add_block_sparse(upyml_words sum, const uint8_t *weights, int32_t number, const int16_t *x,
    int32_t first, int32_t pairs, int all) {
    const uint8_t *group = upyml_sparse_block(weights, number);
    upyml_words even = upyml_four_words(0), odd = even;
    for (int32_t groups = upyml_sparse_groups(weights, number); groups > 0; groups--, group += UPYML_SPARSE_GROUP_BYTES) {
        uint32_t own[2] = {0, 0};
        for (int pair = 0; pair < 2; pair++) {
            int32_t at = upyml_sparse_place(group, pair) / 4 - first;
            if (all || (at >= 0 && at < pairs)) {
                memcpy(own + pair, x + 2 * at, 4);
            }
        }
        upyml_halves bytes = upyml_load_halves(group + 4), both = (upyml_halves)(upyml_words){own[0], own[0], own[1], own[1]};
        even = upyml_add_products(even, (bytes & 0xff) - 128, both);  // channels 0 and 2 of both pairs
        odd = upyml_add_products(odd, (upyml_halves)((upyml_unsigned_halves)bytes >> 8) - 128, both);
    }
    return sum + (upyml_words){even[0] + even[2], odd[0] + odd[2], even[1] + even[3], odd[1] + odd[3]};
}

#endif
