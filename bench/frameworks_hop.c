/*
 * Counts the instructions of a hop of the library that every framework gets; frameworks.py builds it. Audio comes on
 * the standard input. A uint32 goes to the standard output: the ticks of all hops together. Without LISTEN the library
 * is left out, so that the difference of two builds is what it takes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdio.h>

#include "ww_machine.h"
#ifdef LISTEN
#include "wakeword.h"
#endif

enum { STEP = 160 };

int main(void)
{
    static int16_t step[STEP];
    uint32_t ticks = 0;

#ifdef LISTEN
    if (!wakeword_begin() || !wakeword_set_threshold(0, 5, 250)) {
        return 2;
    }
    wakeword_switch(0, true);
#endif
    while (fread(step, sizeof step, 1, stdin) == 1) {
        const uint32_t since = ww_machine_ticks();
#ifdef LISTEN
        if (wakeword_hear(step, STEP) != 0 && wakeword_probability(0) == 0) {
            return 3;
        }
#endif
        ticks += ww_machine_ticks_since(since);
    }
    fwrite(&ticks, sizeof ticks, 1, stdout);
    return 0;
}
