/*
 * What pie_trap.S and pie.c share.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PIE_H
#define PIE_H

#include <stdint.h>

enum { PIE_COPROCESSOR = 3 }; /* ESP-IDF, xtensa/config/tie.h of esp32s3: XCHAL_CP_ID_COP_AI */

/* The core where an instruction has trapped, as pie_trap.S keeps it. */
struct pie_frame {
    uint32_t a[16];
    uint32_t pc;
    uint32_t cause;
};

/* CPENABLE, a bit for each coprocessor. */
extern uint32_t pie_enabled;

/* Does the instruction at `frame->pc`. Returns its length; 0 if the exception is the program's. */
int pie_interpret(struct pie_frame *frame);

#endif /* PIE_H */
