/*
 * The one macro the C tests need: says what failed and where, and ends the program.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef WW_CHECK_H
#define WW_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                               \
    do {                                                                                                               \
        if (!(condition)) {                                                                                            \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                            \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

#endif /* WW_CHECK_H */
