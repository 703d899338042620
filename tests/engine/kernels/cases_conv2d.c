// Convolutions with weights of eight bits.
#define CODING UPYML_CODING_INT8
#include "conv2d_case.h"
