/*
 * Channels of the fast kernels whose multiplier or sums lie outside what these rescale in a few instructions. They are
 * rescaled as the portable kernels do it. Private to the kernels.
 *
 * In the place of its rounding such a channel has the least sum that its inputs can give, and its bias is smaller by
 * that much: what is added up is not negative and may fill 32 bits without a sign. In the place of its right shift it
 * has 64 plus the multiplier's shift, and above these eight bits the output's zero point.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_ANY_H
#define WW_ANY_H

#include "ww_kernels_packed.h"
#include "ww_requantize.h"

/* Whether any of the channels whose shifts were ORed is of this kind. */
static inline int ww_is_any(uint32_t shifts)
{
    return shifts > 31u;
}

/* `above` is a sum less the least one. */
static inline int8_t ww_rescale_any(uint32_t above, uint32_t least, uint32_t mantissa, uint32_t shift, int once)
{
    const int32_t sum = (int32_t)(above + least);
    const int32_t mantissas[] = {(int32_t)mantissa};
    const int8_t shifts[] = {(int8_t)((int32_t)(shift & 0xFFu) - 64)};
    const struct ww_requantize to = {NULL, mantissas, shifts, (int8_t)(shift >> 8 & 0xFFu), INT8_MIN, INT8_MAX};
    return once ? ww_requantize_once(&to, 0, sum) : ww_requantize_twice(&to, 0, sum);
}

/*
 * The records of the matrix products begin with the number of their blocks and with a row of outputs. It is copied to
 * every row, which leaves to the blocks the channels that are not the same for every input. A block ends with the places
 * of its two channels in the row, 16 bits each; if there is but one channel, it is in either place. Returns the first
 * block.
 */
static inline const uint32_t *ww_start_rows(const struct ww_channel_records *records, int32_t rows, int8_t *output)
{
    const uint32_t *words = records->words + 1;
    for (; rows > 0; rows--) {
        words = records->words + 1;
        int32_t left = records->channels;
        for (; left >= 4; left -= 4, output += 4) {
            __builtin_memcpy(output, words++, 4);
        }
        if (left > 0) {
            uint32_t last = *words++;
            for (; left > 0; left--, last >>= 8) {
                *output++ = (int8_t)(last & 0xFFu);
            }
        }
    }
    return words;
}

#endif /* WW_ANY_H */
