/*
 * Detector: each rule of ww_detector.h once. Equality with the Python machine is tests/unit/test_detector.py.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "check.h"
#include "ww_detector.h"

static const struct ww_detector_config plain = {
    .average_window = 1, .votes_needed = 1, .votes_window = 1, .on_threshold = 200, .off_threshold = 100};

/* Position at which the detector first fires on `count` outputs of `probability`, or -1. */
static int feed(struct ww_detector *detector, uint8_t probability, int count)
{
    int fired = -1;
    for (int i = 0; i < count; ++i) {
        if (ww_detector_step(detector, probability) && fired < 0) {
            fired = i;
        }
    }
    return fired;
}

static void test_average(void)
{
    struct ww_detector_config config = plain;
    config.average_window = 32;
    struct ww_detector detector;
    CHECK(ww_detector_init(&detector, &config));
    CHECK(feed(&detector, 255, 100) == 25); /* 26 * 255 is the first to reach 32 * 200 */
}

static void test_votes(void)
{
    struct ww_detector_config config = plain;
    config.votes_needed = 2;
    config.votes_window = 3;
    struct ww_detector detector;
    CHECK(ww_detector_init(&detector, &config));
    CHECK(feed(&detector, 255, 1) == -1);
    CHECK(feed(&detector, 150, 2) == -1);
    CHECK(feed(&detector, 255, 1) == -1); /* the first vote is out of the window */
    CHECK(feed(&detector, 150, 1) == -1);
    CHECK(feed(&detector, 255, 1) == 0);
}

static void test_hysteresis_and_lockout(void)
{
    struct ww_detector_config config = plain;
    config.lockout = 5;
    struct ww_detector detector;
    CHECK(ww_detector_init(&detector, &config));
    CHECK(feed(&detector, 255, 1) == 0);
    CHECK(feed(&detector, 100, 50) == -1);
    CHECK(feed(&detector, 255, 1) == -1); /* never fell below 100 */
    CHECK(feed(&detector, 99, 1) == -1);
    CHECK(feed(&detector, 255, 1) == 0);
    CHECK(feed(&detector, 0, 1) == -1);
    CHECK(feed(&detector, 255, 10) == 3); /* locked for 5 outputs, one of them the zero */
}

static void test_warmup_and_reset(void)
{
    struct ww_detector_config config = plain;
    config.warmup = 3;
    struct ww_detector detector;
    CHECK(ww_detector_init(&detector, &config));
    CHECK(feed(&detector, 255, 10) == 3);
    ww_detector_reset(&detector);
    CHECK(feed(&detector, 255, 10) == 3);
}

static void test_never(void)
{
    struct ww_detector_config config = plain;
    config.on_threshold = 256;
    struct ww_detector detector;
    CHECK(ww_detector_init(&detector, &config));
    CHECK(feed(&detector, 255, 1000) == -1);
}

static void test_ranges(void)
{
    struct ww_detector detector;
    struct ww_detector_config config = plain;
    config.average_window = 0;
    CHECK(!ww_detector_init(&detector, &config));
    config.average_window = WW_DETECTOR_MAX_WINDOW + 1;
    CHECK(!ww_detector_init(&detector, &config));
    config = plain;
    config.votes_needed = 2;
    CHECK(!ww_detector_init(&detector, &config));
    config = plain;
    config.off_threshold = 201;
    CHECK(!ww_detector_init(&detector, &config));
    config.off_threshold = 200;
    CHECK(ww_detector_init(&detector, &config));
    config.off_threshold = 0; /* it would never re-arm */
    CHECK(!ww_detector_init(&detector, &config));
}

int main(void)
{
    test_average();
    test_votes();
    test_hysteresis_and_lockout();
    test_warmup_and_reset();
    test_never();
    test_ranges();
    return 0;
}
