/*
 * Wake-word detector: a stream of probabilities to detections.
 *
 * Moving average over `average_window` outputs; a vote is cast when the average reaches the on-threshold; a
 * detection needs `votes_needed` votes among the last `votes_window` outputs. After a detection the detector is
 * locked for `lockout` outputs and re-arms when the average has fallen below the off-threshold. Integer arithmetic
 * only; wwtool/evaluation/detector.py is the same machine in Python.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_DETECTOR_H
#define WW_DETECTOR_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WW_DETECTOR_MAX_WINDOW = 32 };

struct ww_detector_config {
    uint8_t average_window; /* 1 to WW_DETECTOR_MAX_WINDOW outputs */
    uint8_t votes_needed;   /* 1 to votes_window */
    uint8_t votes_window;   /* 1 to 32 outputs */
    uint16_t on_threshold;  /* average that casts a vote, 1 to 255; 256 never */
    uint16_t off_threshold; /* average below which it re-arms, 1 to on_threshold */
    uint16_t lockout;       /* outputs after a detection during which there is no other */
    uint16_t warmup;        /* outputs ignored after reset */
};

struct ww_detector {
    struct ww_detector_config config;
    uint8_t history[WW_DETECTOR_MAX_WINDOW]; /* ring of the last average_window probabilities */
    uint8_t position;                        /* next slot of history */
    uint16_t sum;                            /* of history */
    uint32_t votes;                          /* bit 0 is the newest */
    uint16_t warmup_left;
    uint16_t lockout_left;
    bool armed;
};

/* False if config is out of the ranges above; the detector is then unusable. */
bool ww_detector_init(struct ww_detector *detector, const struct ww_detector_config *config);

/* Forgets all outputs seen, keeps the configuration. */
void ww_detector_reset(struct ww_detector *detector);

/*
 * Takes one model output, 0 to 255; true exactly once for a detection.
 *
 *   during warm-up: count down, ignore the output, no detection
 *   sum += probability - oldest of history
 *   votes = votes << 1 | (sum >= on_threshold * average_window)
 *   if lockout_left: lockout_left -= 1
 *   if not armed and sum < off_threshold * average_window: armed = true, votes = 0
 *   if armed and not lockout_left and popcount(votes & mask(votes_window)) >= votes_needed:
 *       armed = false, lockout_left = lockout, detection
 */
bool ww_detector_step(struct ww_detector *detector, uint8_t probability);

/* Makes a detection undone, for whoever has a reason not to count it: the next output may detect. */
void ww_detector_take_back(struct ww_detector *detector);

/* Whether the average of the last outputs reaches the on-threshold. */
bool ww_detector_is_on(const struct ww_detector *detector);

#ifdef __cplusplus
}
#endif
#endif /* WW_DETECTOR_H */
