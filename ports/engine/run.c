// The op loop: reads each op's record and calls its kernel.
#include "run.h"

#include <string.h>

#include "families.h"
#include "rows.h"

uint8_t *upyml_tensor_bytes(const upyml_step *s, const upyml_tensor *tensor) {
    if (tensor->kind == UPYML_KIND_CONSTANT) {
        return (uint8_t *)s->file + tensor->offset;  // only ever an input
    }
    if (tensor->kind == UPYML_KIND_CALLER) {
        return (uint8_t *)s->callers[tensor->offset];  // likewise
    }
    return (tensor->kind == UPYML_KIND_STATE ? s->state : s->activations) + tensor->offset;
}

static void run_window(upyml_step *s) {
    upyml_window p;
    upyml_read_window(s->file, &s->op, &s->x, &s->y, &p);
    p.scratch_size = s->scratch_size;
    if (s->end_row) {
        p.first_row = s->first_row;
        p.end_row = s->end_row;
    }
    const int8_t *input = (const int8_t *)s->input;
    int8_t *output = (int8_t *)s->output;
    switch (s->op.opcode) {
        case UPYML_OPCODE_CONV2D:
            UPYML_FOR(CONV2D, upyml_conv2d_s8(&p, input, output, s->scratch));
            break;
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
            UPYML_FOR(DEPTHWISE_CONV2D, upyml_depthwise_conv2d_s8(&p, input, output, s->scratch));
            break;
        case UPYML_OPCODE_MAX_POOL:
            UPYML_FOR(MAX_POOL, upyml_max_pool_s8(&p, input, output, s->scratch));
            break;
        case UPYML_OPCODE_AVERAGE_POOL:
            UPYML_FOR(AVERAGE_POOL, upyml_average_pool_s8(&p, input, output, s->scratch));
            break;
        case UPYML_OPCODE_RESIZE_NEAREST:
            UPYML_FOR(RESIZE_NEAREST,
                upyml_resize_nearest_s8(&p, upyml_place(s->file, s->op.params + UPYML_RESIZE_NEAREST_ROWS),
                    upyml_place(s->file, s->op.params + UPYML_RESIZE_NEAREST_COLUMNS), input, output));
            break;
        default:
            UPYML_FOR(RESIZE_BILINEAR,
                upyml_resize_bilinear_s8(&p, s->op.params[UPYML_RESIZE_BILINEAR_ALIGN_CORNERS],
                    s->op.params[UPYML_RESIZE_BILINEAR_HALF_PIXEL_CENTERS], input, output));
    }
}

static void run_fully_connected(upyml_step *s) {
    upyml_fully_connected p;
    upyml_read_fully_connected(s->file, &s->op, &s->x, &s->y, &p);
    p.scratch_size = s->scratch_size;
    upyml_fully_connected_s8(&p, (const int8_t *)s->input, (int8_t *)s->output, s->scratch);
}

static void run_binary(upyml_step *s) {
    upyml_tensor x2;
    upyml_read_link(s->file, &s->op, 1, &x2);
    upyml_binary p;
    upyml_read_binary(&s->op, &s->x, &x2, &s->y, &p);
    const int8_t *input2 = (const int8_t *)upyml_tensor_bytes(s, &x2);
    if (!s->end_row) {
        upyml_binary_s8(&p, (const int8_t *)s->input, input2, (int8_t *)s->output);
        return;
    }
    // In a group: row by row, for each tensor may be a ring.
    int32_t height = s->y.shape[0], size = s->y.shape[1] * s->y.shape[2];
    p.shape[0] = p.shape[1] = p.shape[2] = 1;
    p.shape[3] = size;
    p.stride1[3] = p.stride2[3] = 1;
    for (int32_t row = s->first_row; row < s->end_row; row++) {
        upyml_binary_s8(&p, (const int8_t *)s->input + upyml_slot(row, upyml_room(&s->x, height)) * size,
            input2 + upyml_slot(row, upyml_room(&x2, height)) * size,
            (int8_t *)s->output + upyml_slot(row, upyml_room(&s->y, height)) * size);
    }
}

static void run_axis(upyml_step *s) {
    upyml_axis p;
    if (s->op.opcode == UPYML_OPCODE_MEAN) {
        upyml_read_mean(&s->op, &s->x, &s->y, &p);
        UPYML_FOR(MEAN, upyml_mean_s8(&p, (const int8_t *)s->input, (int8_t *)s->output));
    } else {
        upyml_read_argmax(&s->op, &p);
        UPYML_FOR(ARGMAX, upyml_argmax_s8(&p, (const int8_t *)s->input, s->output));
    }
}

void upyml_let_remember(const upyml_step *s, upyml_softmax *p) {
    const uint32_t few = 64, size = UPYML_SOFTMAX_KNOWN * sizeof *p->known;  // values that are worth no table
    if (s->x.elements > few && s->scratch_size >= (int32_t)size) {
        p->known = (int32_t *)(void *)s->scratch;
        memset(p->known, 0, size);
    }
}

static void run_softmax(upyml_step *s) {
    upyml_softmax p;
    upyml_read_softmax(&s->op, &s->x, &p);
    upyml_let_remember(s, &p);
    upyml_softmax_s8(&p, (const int8_t *)s->input, (int8_t *)s->output);
}

static void run_concatenate(upyml_step *s) {
    uint32_t axis = upyml_load32(s->op.params + UPYML_CONCATENATE_AXIS), outer = 1;
    for (uint32_t i = 0; i < axis; i++) {
        outer *= (uint32_t)s->y.shape[i];
    }
    uint32_t width = upyml_width(s->y.dtype), row = s->y.elements / outer * width;
    uint8_t *output = s->output;
    for (uint32_t place = 0; place < s->op.input_count; place++) {
        upyml_tensor x;
        upyml_read_link(s->file, &s->op, place, &x);
        uint32_t block = x.elements / outer * width;
        upyml_copy_blocks(upyml_tensor_bytes(s, &x), output, outer, block, row);
        output += block;
    }
}

static void run_strided(upyml_step *s) {
    upyml_strided p;
    int32_t stride[UPYML_MAX_RANK], step_size = 1, first = 0;
    for (int axis = UPYML_MAX_RANK - 1; axis >= 0; axis--) {
        stride[axis] = step_size;
        step_size *= s->x.shape[axis];
    }
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        p.shape[axis] = s->y.shape[axis];
        if (s->op.opcode == UPYML_OPCODE_TRANSPOSE) {
            p.stride[axis] = stride[s->op.params[UPYML_TRANSPOSE_PERMUTATION + axis]];
        } else if (p.shape[axis] == 1) {
            p.stride[axis] = 0;  // the file's stride may be anything then
        } else {
            p.stride[axis] = stride[axis] * upyml_load_int32(s->op.params + UPYML_STRIDED_SLICE_STRIDE + 4 * axis);
        }
        if (s->op.opcode == UPYML_OPCODE_STRIDED_SLICE) {
            first += stride[axis] * upyml_load_int32(s->op.params + UPYML_STRIDED_SLICE_BEGIN + 4 * axis);
        }
    }
    uint32_t width = upyml_width(s->x.dtype);
    upyml_copy_strided(&p, s->input + (uint32_t)first * width, s->output, width);
}

// The input's axes stand at the output's front, so those of equal rank line up.
static void run_pad(upyml_step *s) {
    int32_t before[UPYML_MAX_RANK];
    for (int axis = 0; axis < UPYML_MAX_RANK; axis++) {
        before[axis] = upyml_load_int32(s->op.params + UPYML_PAD_BEFORE + 4 * axis);
    }
    upyml_pad_8(s->x.shape, s->y.shape, before, upyml_load_int32(s->op.params + UPYML_PAD_VALUE), s->input, s->output);
}

static void run_requantize(upyml_step *s) {
    upyml_requantization p = {
        s->x.dtype, s->y.dtype, s->x.zero_point, s->y.zero_point,
        upyml_load_int32(s->op.params + UPYML_REQUANTIZE_MULTIPLIER),
        upyml_load_int32(s->op.params + UPYML_REQUANTIZE_SHIFT),
    };
    upyml_requantize_any(&p, s->input, s->output, s->x.elements, s->op.order == UPYML_ORDER_REVERSE);
}

static uint32_t scale_bits(const upyml_step *s, uint32_t place) {
    uint32_t number = upyml_load16(s->op.links + 2 * place);
    return upyml_load32(upyml_tensor_record(s->file, number) + UPYML_TENSOR_SCALE);
}

static void run_family(upyml_step *s) {
    switch (s->op.opcode >> UPYML_FAMILY_SHIFT) {
        case UPYML_FAMILY_MATH:
            UPYML_FOR(MATH, upyml_run_math(s));
            break;
        case UPYML_FAMILY_RECURRENT:
            UPYML_FOR(RECURRENT, upyml_run_recurrent(s));
            break;
        case UPYML_FAMILY_STREAM:
            UPYML_FOR(STREAM, upyml_run_stream(s));
            break;
        case UPYML_FAMILY_SIGNAL:
            UPYML_FOR(SIGNAL, upyml_run_signal(s));
            break;
        default:
            UPYML_FOR(WIDE, upyml_run_wide(s));
    }
}

void upyml_step_run(upyml_step *s) {
    if (s->op.opcode >> UPYML_FAMILY_SHIFT) {
        run_family(s);
        return;
    }
    switch (s->op.opcode) {
        case UPYML_OPCODE_FULLY_CONNECTED:
            UPYML_FOR(FULLY_CONNECTED, run_fully_connected(s));
            break;
        case UPYML_OPCODE_MEAN:
        case UPYML_OPCODE_ARGMAX:
            run_axis(s);
            break;
        case UPYML_OPCODE_ADD:
        case UPYML_OPCODE_SUB:
        case UPYML_OPCODE_MUL:
            if (UPYML_HAS(ADD) || UPYML_HAS(SUB) || UPYML_HAS(MUL)) {
                run_binary(s);
            }
            break;
        case UPYML_OPCODE_CONCATENATE:
            UPYML_FOR(CONCATENATE, run_concatenate(s));
            break;
        case UPYML_OPCODE_PAD:
            UPYML_FOR(PAD, run_pad(s));
            break;
        case UPYML_OPCODE_RESHAPE:
            memmove(s->output, s->input, s->x.elements * upyml_width(s->x.dtype));
            break;
        case UPYML_OPCODE_TRANSPOSE:
        case UPYML_OPCODE_STRIDED_SLICE:
            if (UPYML_HAS(TRANSPOSE) || UPYML_HAS(STRIDED_SLICE)) {
                run_strided(s);
            }
            break;
        case UPYML_OPCODE_TABLE:
            UPYML_FOR(TABLE,
                upyml_table_s8(upyml_place(s->file, s->op.params + UPYML_TABLE_TABLE), (const int8_t *)s->input,
                    (int8_t *)s->output, s->x.elements, s->op.order == UPYML_ORDER_REVERSE));
            break;
        case UPYML_OPCODE_SOFTMAX:
            UPYML_FOR(SOFTMAX, run_softmax(s));
            break;
        case UPYML_OPCODE_QUANTIZE:
            UPYML_FOR(QUANTIZE,
                upyml_quantize(scale_bits(s, 1), s->y.zero_point, s->y.dtype, s->input, s->output, s->x.elements));
            break;
        case UPYML_OPCODE_DEQUANTIZE:
            UPYML_FOR(DEQUANTIZE,
                upyml_dequantize(scale_bits(s, 0), s->x.zero_point, s->x.dtype, s->input, s->output, s->x.elements));
            break;
        case UPYML_OPCODE_REQUANTIZE:
            UPYML_FOR(REQUANTIZE, run_requantize(s));
            break;
        default:
            run_window(s);
    }
}

void upyml_step_read(upyml_step *s, uint32_t number) {
    upyml_read_op(s->file, number, &s->op);
    upyml_read_link(s->file, &s->op, 0, &s->x);
    upyml_read_link(s->file, &s->op, s->op.input_count, &s->y);
    s->input = upyml_tensor_bytes(s, &s->x);
    s->output = upyml_tensor_bytes(s, &s->y);
    uint32_t scratch = upyml_scratch_offset(&s->op);
    scratch = scratch < s->activation_size ? scratch : s->activation_size;
    s->scratch = s->apart ? s->apart->bytes : s->activations + scratch;
    s->scratch_size = (int32_t)(s->apart ? s->apart->size : s->activation_size - scratch);
    s->first_row = s->end_row = 0;
}

int upyml_run(const uint8_t *file, uint8_t *arena, uint32_t size, const upyml_scratch *scratch,
    const uint8_t *const *callers, upyml_hook hook, void *context) {
    upyml_step s;
    uint32_t state = upyml_header32(file, UPYML_HEADER_STATE_SIZE);
    s.file = file;
    s.callers = callers;
    s.apart = scratch;
    s.state = arena;
    s.activations = arena + state;
    s.activation_size = size - state < 1u << 30 ? size - state : 1u << 30;  // kernels count in int32
    uint32_t ops = upyml_load16(file + UPYML_HEADER_OP_COUNT);
    for (uint32_t number = 0; number < ops;) {
        upyml_step_read(&s, number);
        uint32_t end = number + (s.op.fused ? s.op.fused : 1);
        if (s.op.fused) {
            upyml_run_group(&s, number);
        } else {
            upyml_step_run(&s);
        }
        for (; number < end; number++) {
            int stop = hook ? hook(context, number) : 0;
            if (stop) {
                return stop;
            }
        }
    }
    return 0;
}
