// A fully connected layer with coded weights where a CPU has nothing faster: the plain kernel's way.
#include "../kernels/coded.h"

#include <string.h>

#include "fully_connected.h"

void upyml_fully_connected_coded(const upyml_fully_connected *p, const int8_t *input, int8_t *output, uint8_t *scratch) {
    int8_t *made = output;
    if (p->order != UPYML_ORDER_DISJOINT && p->in_c < p->out_c) {
        memcpy(scratch, input, (size_t)(p->rows * p->in_c));
        input = (const int8_t *)scratch;
    } else if (p->order != UPYML_ORDER_DISJOINT) {
        made = (int8_t *)scratch;
    }
    upyml_window pixels = upyml_rows_as_pixels(p);
    pixels.order = UPYML_ORDER_DISJOINT;
    upyml_conv2d_coded(&pixels, p->per_channel, input, made, scratch);
    if (made != output) {
        memcpy(output, made, (size_t)(p->rows * p->out_c));
    }
}
