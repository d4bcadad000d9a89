/*
 * Channels of the fast kernels that cannot be rescaled in a few instructions, because of their multiplier or their
 * sums. They are rescaled as in the portable kernels. Private to the kernels.
 *
 * Instead of its rounding, such a channel has the least sum that its inputs can give, and its bias is smaller by that
 * sum: the total is never negative and may use 32 bits without a sign. Instead of its right shift, it has 64 plus the
 * multiplier's shift in the low eight bits, and the output's zero point above them.
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

/* `above` is a sum minus the least one. */
static inline int8_t ww_rescale_any(uint32_t above, uint32_t least, uint32_t mantissa, uint32_t shift, int once)
{
    const int32_t sum = (int32_t)(above + least);
    const int32_t mantissas[] = {(int32_t)mantissa};
    const int8_t shifts[] = {(int8_t)((int32_t)(shift & 0xFFu) - 64)};
    const struct ww_requantize to = {NULL, mantissas, shifts, (int8_t)(shift >> 8 & 0xFFu), INT8_MIN, INT8_MAX};
    return once ? ww_requantize_once(&to, 0, sum) : ww_requantize_twice(&to, 0, sum);
}

/*
 * The records of the matrix products begin with the number of their blocks and with a row of outputs. This row is
 * copied to every output row; then the blocks compute the channels whose output is not constant. A block ends with the
 * places of its two channels in the row, 16 bits each; both are the same if the block has one channel. Returns the
 * first block.
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
