// The cases of fully connected layers with weights that stream.
#include <string.h>

#define UPYML_WEIGHT_STREAM
#include "weight_stream.h"

#define upyml_fully_connected_s8 streaming_fully_connected_s8
#define upyml_requantize_each streaming_requantize_each
#include "cortex_m0/fully_connected_s8.c"
#define cases fully_connected_cases
#include "cases_fully_connected.c"
#undef cases

#include "stream_case.h"
