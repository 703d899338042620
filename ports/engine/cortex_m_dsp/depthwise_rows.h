// The packed rows of one channel of a strip.
#ifndef UPYML_CORTEX_M_DSP_DEPTHWISE_ROWS_H
#define UPYML_CORTEX_M_DSP_DEPTHWISE_ROWS_H

#include "depthwise.h"

typedef struct {
    const upyml_window *p;
    const int8_t *input;  // channel 0
    int32_t in_ring;  // rows of it
    int32_t *words;
    int32_t row_words;
    int32_t first, end;  // input rows that have been packed; end is 0 before any were
} upyml_depthwise_packed;

// All words to the zero point: the padding stays, only what lies between is packed again and again.
void upyml_depthwise_clear(const upyml_depthwise_packed *packed, int32_t word_rows);

// The channel's input rows that output rows `row` to `row` + `rows` read. Those that are packed already are moved: no
// row is read from the input twice, for output may lie over it.
void upyml_depthwise_pack(upyml_depthwise_packed *packed, int32_t channel, int32_t row, int32_t rows);

#endif
