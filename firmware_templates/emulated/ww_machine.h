/*
 * What an emulated machine offers a test program; one implementation a core.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_MACHINE_H
#define WW_MACHINE_H

#include <stddef.h>
#include <stdint.h>

enum ww_machine_file { WW_MACHINE_INPUT, WW_MACHINE_OUTPUT };

/* Opens a file of the emulating machine; returns its handle, negative if it cannot. */
int ww_machine_open(enum ww_machine_file which);

/* Bytes read or written, fewer than asked for at the end of the file or on an error. */
size_t ww_machine_read(int handle, void *data, size_t bytes);
size_t ww_machine_write(int handle, const void *data, size_t bytes);

/* Ends the emulation. */
void ww_machine_exit(int code) __attribute__((noreturn));

/* A running count of instructions, a machine's own number of them a tick, and the ticks since an earlier one. */
uint32_t ww_machine_ticks(void);
uint32_t ww_machine_ticks_since(uint32_t earlier);

#endif /* WW_MACHINE_H */
