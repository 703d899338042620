// Convolutions with weights of four bits.
#define CODING UPYML_CODING_INT4
#include "conv2d_case.h"
