// What a program of kernel tests has: it runs on a bare processor, whose rig_*.c starts it, prints, and ends it.
#ifndef UPYML_TEST_RIG_H
#define UPYML_TEST_RIG_H

#include <stdint.h>

// The family's cases, in cases_<family>.c: answers how many passed. At the first that does not it prints its parameters
// and answers: whatever a family prints counts as a failure.
int32_t cases(void);

void rig_print(const char *text);
void rig_number(int32_t number);  // in decimal

// The same numbers in every run: xorshift, 32 bits.
uint32_t rig_random(void);

// Prints the text and a line's end, and ends the program as failed.
void rig_fail(const char *text);

// Of a rig_*.c: ends the program, as failed or not; with rig_print() all that differs by the processor.
void rig_end(int failed);

// For a rig_*.c: runs the cases, and ends the program; ends it where the processor stops.
void rig_run(void);
void rig_stopped(void);

#endif
