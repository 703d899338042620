// The part of the check that looks at weights and what belongs to output channels; upyml/format/check_weights.py asks the
// same in the same order.
#include "check_op.h"
#include "ops.h"
#include "weights_sparse.h"

// Channels, and k where all of a channel's are an element or more, are at most 2^28: sums of a few fit in 32 bits.
static uint32_t filled_up(uint32_t count, uint32_t power_of_2) {
    return (count + power_of_2 - 1) & ~(power_of_2 - 1);
}

// Whether the engine, and files of this one's version, know a coding.
static int check_coding(const uint8_t *file, int coding) {
    UPYML_NEED(coding < UPYML_CODING_COUNT, PARAMS);
    if (coding != UPYML_CODING_INT8) {
        UPYML_NEED(coding == UPYML_CODING_INT4 ? UPYML_HAS(INT4) : UPYML_HAS(SPARSE), OPCODE);
        UPYML_NEED(upyml_load16(file + UPYML_HEADER_ENGINE_VERSION) >= UPYML_CODED_VERSION, ENGINE);
    }
    return UPYML_PASSED;
}

// The places of one block's pairs, of which a channel has `total`, and the weights of the pair that fills it up.
static int check_places(const uint8_t *group, uint32_t groups, uint32_t total) {
    uint32_t next = 0;  // the least place that rises
    for (uint32_t i = 0; i < 2 * groups; i++, group += i & 1 ? 0 : UPYML_SPARSE_GROUP_BYTES) {
        uint32_t place = (uint32_t)upyml_sparse_place(group, i & 1);
        UPYML_NEED(place % 4 == 0 && place < 4 * total, PARAMS);
        if (i == 2 * groups - 1 && place + 4 == next) {
            for (int byte = 12; byte < UPYML_SPARSE_GROUP_BYTES; byte++) {
                UPYML_NEED(group[byte] == 128, PARAMS);
            }
        } else {
            UPYML_NEED(place >= next, PARAMS);
        }
        next = place + 4;
    }
    return UPYML_PASSED;
}

static int check_sparse(const uint8_t *file, const upyml_weights *w, uint32_t blocks) {
    uint64_t all = (uint64_t)w->rows * ((w->run + 1) / 2);
    UPYML_NEED(all <= UPYML_MAX_PAIRS, PARAMS);
    uint32_t total = (uint32_t)all;
    UPYML_NEED(w->pairs % 2 == 0 && w->pairs <= filled_up(total, 2), PARAMS);
    uint32_t at = upyml_load32(w->fields);
    UPYML_NEED(upyml_in_data(file, at, 4 * ((uint64_t)blocks + 1), UPYML_ALIGN), DATA);
    const uint8_t *table = file + at;
    uint32_t begin = upyml_load32(table), last = upyml_load32(table + 4 * blocks);
    UPYML_NEED(begin == 4 * (blocks + 1) && upyml_in_data(file, at, last, UPYML_ALIGN), DATA);
    for (uint32_t block = 0; block < blocks; block++) {
        uint32_t end = upyml_load32(table + 4 * (block + 1));
        UPYML_NEED(begin <= end && end <= last && (end - begin) % UPYML_SPARSE_GROUP_BYTES == 0, DATA);
        uint32_t groups = (end - begin) / UPYML_SPARSE_GROUP_BYTES;
        UPYML_NEED(groups <= w->pairs / 2, PARAMS);
        int answer = check_places(table + begin, groups, total);
        if (answer != UPYML_PASSED) {
            return answer;
        }
        begin = end;
    }
    return UPYML_PASSED;
}

static int check_channels(const uint8_t *file, const upyml_weights *w) {
    uint32_t four = filled_up(w->channels, 4), count = w->per_channel ? four : 1, padded = filled_up(count, 4);
    uint32_t block = upyml_load32(w->fields + 4);
    UPYML_NEED(upyml_in_data(file, block, 4 * four + 4 * count + 2 * padded, 4), DATA);
    const int8_t *shifts = (const int8_t *)file + block + 4 * four + 4 * count;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bits = (uint8_t)shifts[padded + i];
        UPYML_NEED(upyml_shift_fits(shifts[i]) && bits >= 1 && bits <= UPYML_MAX_BITS, PARAMS);
    }
    return UPYML_PASSED;
}

int upyml_check_weights(const uint8_t *file, const upyml_weights *w) {
    uint32_t four = filled_up(w->channels, 4);
    int answer = check_coding(file, w->coding);
    UPYML_NEED(answer != UPYML_PASSED || w->run <= UPYML_MAX_ELEMENTS, PARAMS);
    if (answer == UPYML_PASSED && UPYML_HAS(SPARSE) && w->coding == UPYML_CODING_SPARSE) {
        answer = check_sparse(file, w, four / 4);
    } else if (answer == UPYML_PASSED) {
        int nibbles = w->coding == UPYML_CODING_INT4;
        uint64_t k = (uint64_t)w->rows * filled_up((uint32_t)w->run, nibbles ? 8 : 4), bytes = four * k;
        UPYML_NEED(k <= UPYML_MAX_ELEMENTS, PARAMS);
        UPYML_NEED(upyml_in_data(file, upyml_load32(w->fields), nibbles ? bytes / 2 : bytes, UPYML_ALIGN), DATA);
    }
    return answer == UPYML_PASSED ? check_channels(file, w) : answer;
}
