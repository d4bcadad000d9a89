/*
 * Wake-word detector; see ww_detector.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_detector.h"

#include <string.h>

enum { MAX_VOTES_WINDOW = 32, THRESHOLD_NEVER = 256 };

static unsigned count_bits(uint32_t bits)
{
    unsigned count = 0;
    for (; bits != 0; bits &= bits - 1) {
        ++count;
    }
    return count;
}

bool ww_detector_init(struct ww_detector *detector, const struct ww_detector_config *config)
{
    if (config->average_window < 1 || config->average_window > WW_DETECTOR_MAX_WINDOW || config->votes_window < 1 ||
        config->votes_window > MAX_VOTES_WINDOW || config->votes_needed < 1 ||
        config->votes_needed > config->votes_window || config->on_threshold > THRESHOLD_NEVER ||
        config->off_threshold < 1 || config->off_threshold > config->on_threshold) {
        return false;
    }
    detector->config = *config;
    ww_detector_reset(detector);
    return true;
}

void ww_detector_reset(struct ww_detector *detector)
{
    memset(detector->history, 0, sizeof detector->history);
    detector->position = 0;
    detector->sum = 0;
    detector->votes = 0;
    detector->warmup_left = detector->config.warmup;
    detector->lockout_left = 0;
    detector->armed = true;
}

void ww_detector_take_back(struct ww_detector *detector)
{
    detector->armed = true;
    detector->lockout_left = 0;
}

bool ww_detector_is_on(const struct ww_detector *detector)
{
    const struct ww_detector_config *config = &detector->config;
    return detector->sum >= (uint32_t)config->on_threshold * config->average_window;
}

bool ww_detector_step(struct ww_detector *detector, uint8_t probability)
{
    const struct ww_detector_config *config = &detector->config;
    if (detector->warmup_left != 0) {
        --detector->warmup_left;
        return false;
    }

    uint8_t *oldest = &detector->history[detector->position];
    detector->sum = (uint16_t)(detector->sum + probability - *oldest);
    *oldest = probability;
    ++detector->position;
    if (detector->position == config->average_window) {
        detector->position = 0;
    }

    detector->votes = detector->votes << 1 | (ww_detector_is_on(detector) ? 1U : 0U);
    if (detector->lockout_left != 0) {
        --detector->lockout_left;
    }
    if (!detector->armed && detector->sum < (uint32_t)config->off_threshold * config->average_window) {
        detector->armed = true;
        detector->votes = 0;
    }

    uint32_t window_mask = UINT32_MAX >> (MAX_VOTES_WINDOW - config->votes_window);
    if (detector->armed && detector->lockout_left == 0 &&
        count_bits(detector->votes & window_mask) >= config->votes_needed) {
        detector->armed = false;
        detector->lockout_left = config->lockout;
        return true;
    }
    return false;
}
