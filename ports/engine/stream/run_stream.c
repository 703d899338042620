// Runs the ops of the family STREAM.
#include "families.h"

void upyml_run_stream(upyml_step *s) {
    (void)s;
}
