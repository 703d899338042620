// Five layers, typical ones, for counting what the kernels of a processor take: tests/engine/layer_bench.py. A line for each
// says its name, its multiply-accumulates and the bytes of scratch; what it takes is counted outside, from layer_begin to
// layer_end.
#include <string.h>

#include "kernels.h"
#include "rig.h"

enum { SCRATCH = 16384, INPUT = 28000, OUTPUT = 20000, WEIGHTS = 82000 };

static int8_t input[INPUT] __attribute__((aligned(4))), output[OUTPUT] __attribute__((aligned(4)));
static uint8_t scratch[SCRATCH] __attribute__((aligned(4))), weights[WEIGHTS] __attribute__((aligned(16)));
static uint8_t channels[128 * 10] __attribute__((aligned(4)));

void layer_begin(void);
void layer_end(void);

__attribute__((noinline)) void layer_begin(void) {
    __asm volatile("" ::: "memory");
}

__attribute__((noinline)) void layer_end(void) {
    __asm volatile("" ::: "memory");
}

static void store(uint8_t *bytes, int32_t value) {
    for (int i = 0; i < 4; i++) {
        bytes[i] = (uint8_t)((uint32_t)value >> 8 * i);
    }
}

// Weights, inputs, and channels whose outputs use most of int8. taps: k of a channel.
static void fill(int32_t out_c, int32_t taps) {
    int bits = 1, reach = 1;
    while ((1 << bits) < taps * 127 * 128) {
        bits++;
    }
    while (1 << 2 * reach < taps) {  // sums of so many random products grow with the root of their number
        reach++;
    }
    for (int32_t i = 0; i < INPUT; i++) {
        input[i] = (int8_t)rig_random();
    }
    for (int32_t i = 0; i < WEIGHTS; i++) {
        weights[i] = (uint8_t)(1 + rig_random() % 255);
    }
    for (int32_t i = 0; i < out_c; i++) {
        store(channels + 4 * i, (int32_t)(rig_random() % 4000) - 2000);
        store(channels + 4 * (out_c + i), (int32_t)(1 << 30 | rig_random() >> 2));
        channels[8 * out_c + i] = (uint8_t)(-6 - reach);
        channels[9 * out_c + i] = (uint8_t)bits;
    }
}

static void tell(const char *name, int32_t products, int32_t bytes) {
    rig_print(name);
    rig_print(" ");
    rig_number(products);
    rig_print(" ");
    rig_number(bytes);
    rig_print("\n");
}

// A kernel with stride 1 and its input's size, or stride 2 and half of it.
static void window(const char *name, int32_t size, int32_t in_c, int32_t out_c, int32_t kernel, int32_t stride, int depthwise) {
    int32_t out = size / stride;
    upyml_window p = {
        .in_h = size, .in_w = size, .in_c = in_c, .out_h = out, .out_w = out, .out_c = out_c,
        .kernel_h = kernel, .kernel_w = kernel, .stride_h = stride, .stride_w = stride, .dilation_h = 1, .dilation_w = 1,
        .pad_top = stride == 1 ? kernel / 2 : 0, .pad_left = stride == 1 ? kernel / 2 : 0,
        .in_zero_point = -3, .out_zero_point = -5, .clamp_min = -128, .clamp_max = 127, .multiplier = 1,
        .order = UPYML_ORDER_DISJOINT, .end_row = out, .in_ring = size, .out_ring = out,
        .weights = weights, .channels = channels,
    };
    int32_t taps = kernel * kernel * (depthwise ? 1 : in_c);
    for (int more = 0; more < 2; more++) {
        fill(out_c, taps);
        int32_t least = depthwise ? upyml_depthwise_conv2d_s8_scratch_size(&p, 1) : upyml_conv2d_s8_scratch_size(&p, 1);
        p.scratch_size = more ? SCRATCH : least;
        tell(name, out * out * out_c * taps, p.scratch_size);
        layer_begin();
        if (depthwise) {
            upyml_depthwise_conv2d_s8(&p, input, output, scratch);
        } else {
            upyml_conv2d_s8(&p, input, output, scratch);
        }
        layer_end();
    }
}

static void fully_connected(const char *name, int32_t in_c, int32_t out_c) {
    upyml_fully_connected p = {
        .rows = 1, .in_c = in_c, .out_c = out_c, .out_zero_point = -5, .clamp_min = -128, .clamp_max = 127,
        .order = UPYML_ORDER_DISJOINT, .weights = weights, .channels = channels,
    };
    fill(out_c, in_c);
    memmove(channels + 4 * out_c + 4, channels + 8 * out_c, 1);  // one multiplier, shift and bits for all
    memmove(channels + 4 * out_c + 8, channels + 9 * out_c, 1);
    for (int more = 0; more < 2; more++) {
        p.scratch_size = more ? SCRATCH : upyml_fully_connected_s8_scratch_size(&p);
        tell(name, in_c * out_c, p.scratch_size);
        layer_begin();
        upyml_fully_connected_s8(&p, input, output, scratch);
        layer_end();
    }
}

int32_t cases(void) {
    window("pointwise_12x12x64_64", 12, 64, 64, 1, 1, 0);
    window("conv_3x3_16x16x16_16", 16, 16, 16, 3, 1, 0);
    window("depthwise_3x3_24x24x32", 24, 32, 32, 3, 1, 1);
    fully_connected("fully_connected_640_128", 640, 128);
    window("conv_3x3_stride_2_96x96x3_8", 96, 3, 8, 3, 2, 0);
    return 0;
}
