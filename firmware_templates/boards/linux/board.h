/*
 * The differences between computers that run the firmware as a Linux program. Each has a board.c with a struct board.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef LINUX_BOARD_H
#define LINUX_BOARD_H

struct board {
    const char *name; /* as in struct ww_port */
    const char *led;  /* the file of an LED's brightness; NULL: there is none */
};

extern const struct board board;

#endif /* LINUX_BOARD_H */
