// Runs the ops of the family RECURRENT.
#include "families.h"

void upyml_run_recurrent(upyml_step *s) {
    (void)s;
}
