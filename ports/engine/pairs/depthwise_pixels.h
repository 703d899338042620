// Depthwise convolutions of very few pixels, as the steps of a streaming model are: one pixel whose windows reach far back in
// time. What the usual way prepares for each channel, packed rows and lists of taps, would cost many times the products.
#ifndef UPYML_PAIRS_DEPTHWISE_PIXELS_H
#define UPYML_PAIRS_DEPTHWISE_PIXELS_H

#include "../kernels.h"

// Whether upyml_depthwise_pixels makes this output: few pixels, windows that lie in the image and whose places are equally far
// apart, an output that lies apart.
int upyml_depthwise_takes_pixels(const upyml_window *p);

void upyml_depthwise_pixels(const upyml_window *p, const int8_t *input, int8_t *output);

#endif
