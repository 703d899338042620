// _scratch_size(): what the kernels for a Cortex-M0+ answer, for the planner on the host.
#define PY_SSIZE_T_CLEAN
#include "scratch_size.h"

#include "../engine/kernels.h"

int32_t upyml_m0_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
int32_t upyml_m0_depthwise_conv2d_s8_scratch_size(const upyml_window *p, int32_t strip);
int32_t upyml_m0_fully_connected_s8_scratch_size(const upyml_fully_connected *p);

static int read_window(PyObject *fields, upyml_window *p) {
    *p = (upyml_window){0};
    if (!PyArg_ParseTuple(fields, "iiiiiiiiiiiiiiiiii|ii:_scratch_size", &p->in_h, &p->in_w, &p->in_c, &p->out_h,
            &p->out_w, &p->out_c, &p->kernel_h, &p->kernel_w, &p->stride_h, &p->stride_w, &p->dilation_h, &p->dilation_w,
            &p->pad_top, &p->pad_left, &p->multiplier, &p->order, &p->in_ring, &p->out_ring, &p->coding, &p->pairs)) {
        return 0;
    }
    p->end_row = p->out_h;
    return 1;
}

PyObject *upyml_kernels_scratch(PyObject *module, PyObject *args) {
    (void)module;
    int opcode;
    int strip;
    PyObject *fields;
    if (!PyArg_ParseTuple(args, "iO!i:_scratch_size", &opcode, &PyTuple_Type, &fields, &strip)) {
        return NULL;
    }
    if (opcode == UPYML_OPCODE_FULLY_CONNECTED) {
        upyml_fully_connected p = {0};
        if (!PyArg_ParseTuple(fields, "iiii|ii:_scratch_size", &p.rows, &p.in_c, &p.out_c, &p.order, &p.coding,
                &p.pairs)) {
            return NULL;
        }
        return PyLong_FromLong(upyml_m0_fully_connected_s8_scratch_size(&p));
    }
    upyml_window p;
    if (!read_window(fields, &p)) {
        return NULL;
    }
    switch (opcode) {
        case UPYML_OPCODE_CONV2D:
            return PyLong_FromLong(upyml_m0_conv2d_s8_scratch_size(&p, strip));
        case UPYML_OPCODE_DEPTHWISE_CONV2D:
            return PyLong_FromLong(upyml_m0_depthwise_conv2d_s8_scratch_size(&p, strip));
        case UPYML_OPCODE_MAX_POOL:
        case UPYML_OPCODE_AVERAGE_POOL:
            return PyLong_FromLong(upyml_pool_s8_scratch_size(&p));
        default:
            PyErr_SetString(PyExc_ValueError, "the op has no scratch");
            return NULL;
    }
}
