// Convolutions with sparse weights, of all densities.
#define CODING UPYML_CODING_SPARSE
#include "conv2d_case.h"
