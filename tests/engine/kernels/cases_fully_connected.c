// Fully connected layers with weights of eight bits.
#define CODING UPYML_CODING_INT8
#include "fully_connected_case.h"
