/*
 * Windows of samples from audio that comes in pieces: what every front end does before it looks at any.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_WINDOW_H
#define WW_WINDOW_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Takes samples until `window` has `size` of them or all are taken; returns how many were taken. */
static inline size_t ww_window_fill(int16_t *window, uint16_t *filled, size_t size, const int16_t *samples,
                                    size_t count)
{
    size_t missing = size - *filled;
    size_t taken = count < missing ? count : missing;
    if (taken != 0) {
        memcpy(window + *filled, samples, taken * sizeof *samples);
        *filled = (uint16_t)(*filled + taken);
    }
    return taken;
}

/* Drops the first `step` samples of a full window. */
static inline void ww_window_advance(int16_t *window, uint16_t *filled, uint16_t step)
{
    *filled = (uint16_t)(*filled - step);
    memmove(window, window + step, *filled * sizeof *window);
}

#endif /* WW_WINDOW_H */
