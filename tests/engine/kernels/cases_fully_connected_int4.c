// Fully connected layers with weights of four bits.
#define CODING UPYML_CODING_INT4
#include "fully_connected_case.h"
