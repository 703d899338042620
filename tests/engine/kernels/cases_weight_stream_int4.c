// The cases of fully connected layers with weights of four bits that stream.
#include <string.h>

#define UPYML_WEIGHT_STREAM
#include "weight_stream.h"

#define upyml_fully_connected_int4 streaming_fully_connected_int4
#define upyml_fully_connected_s8 streaming_fully_connected_s8
#include "cortex_m0/fully_connected_int4.c"
#define least least_of_dense  // each has one
#define BATCH BATCH_of_dense
#define upyml_requantize_each streaming_requantize_each
#include "cortex_m0/fully_connected_s8.c"
#undef least
#undef BATCH
#define cases fully_connected_cases
#include "cases_fully_connected_int4.c"
#undef cases

#include "stream_case.h"
