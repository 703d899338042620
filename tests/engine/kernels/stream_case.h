// A stream of weights that is not always there, fails now and then, and overwrites what is not to be read yet, or not to be
// kept. Included behind a family of fully connected layers whose cases() goes by the name fully_connected_cases().
#ifndef UPYML_TEST_STREAM_CASE_H
#define UPYML_TEST_STREAM_CASE_H

enum { STREAM = 5 };

static int is_open, is_begun, closed_early, streamed;
static const uint8_t *source;
static uint32_t *target;
static int32_t begun_words;

static void scribble(void) {
    memset(target, between(0, 255), 4 * (size_t)begun_words);
}

static void need(int condition, const char *rule) {
    if (!condition) {
        rig_fail(rule);
    }
}

int upyml_weight_stream_open(const uint8_t *from, int32_t bytes) {
    need(!is_open, "the stream was not closed");
    need(((uintptr_t)from & 3) == 0 && bytes > 0 && bytes % 4 == 0, "a stream of no whole words");
    is_open = !one_in(4);
    return is_open ? STREAM : -1;
}

void upyml_weight_stream_start(int stream, const uint8_t *from, uint32_t *to, int32_t words) {
    need(stream == STREAM && is_open && !is_begun, "two things at a time");
    need(words > 0 && words <= 1024, "a number of words that no stream takes");
    source = from;
    target = to;
    begun_words = words;
    is_begun = 1;
    scribble();
}

int upyml_weight_stream_wait(int stream) {
    need(stream == STREAM && is_open && is_begun, "waits for nothing");
    if (one_in(40)) {
        scribble();
        return 0;
    }
    memcpy(target, source, 4 * (size_t)begun_words);
    is_begun = 0;
    streamed += begun_words;
    return 1;
}

void upyml_weight_stream_close(int stream) {
    need(stream == STREAM && is_open, "closed twice");
    if (is_begun) {
        scribble();
        closed_early++;
    }
    is_open = is_begun = 0;
}

int32_t cases(void) {
    int32_t passed = fully_connected_cases();
    need(!is_open, "the stream was not closed");
    need(passed < CASES || (closed_early > 100 && streamed > 100000), "hardly anything streamed");
    return passed;
}

#endif
