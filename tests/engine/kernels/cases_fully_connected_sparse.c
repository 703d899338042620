// Fully connected layers with sparse weights, of all densities.
#define CODING UPYML_CODING_SPARSE
#include "fully_connected_case.h"
