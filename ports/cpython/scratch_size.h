// For the planner on the host.
#ifndef UPYML_CPYTHON_SCRATCH_SIZE_H
#define UPYML_CPYTHON_SCRATCH_SIZE_H

#include <Python.h>

// _scratch_size(opcode, fields, strip): bytes a kernel for a Cortex-M0+ needs for strips of so many units. fields: as
// host_tools/planner/scratch.py gives them, the struct's of kernels.h in their order.
PyObject *upyml_kernels_scratch(PyObject *module, PyObject *args);

#endif
