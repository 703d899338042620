// Runs the ops of the family WIDE.
#include "families.h"

void upyml_run_wide(upyml_step *s) {
    (void)s;
}
