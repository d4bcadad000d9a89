/*
 * What `picotool info` says of an image. The format is that of the Pico SDK's binary information: picotool looks for a
 * header between two marks in the first 256 bytes of a program (link.ld, ram.ld), and follows its array to the entries.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdint.h>

#include "bare.h"
#include "flash_read.h"
#include "ww_program.h"

/* boot2 has 256 bytes of flash whatever it needs, and only that for quad needs them all. */
#if FLASH_READ == FLASH_READ_QUAD
#define BEHIND_BOOT2
#else
#define BEHIND_BOOT2 __attribute__((section(".boot2_rest")))
#endif

/* pico-sdk, src/common/pico_binary_info: the marks, and the numbers of entries and of their kinds. */
#define MARK_START         0x7188EBF2u
#define MARK_END           0xE71AA390u
#define ID_PROGRAM_NAME    0x02031C86u
#define ID_PROGRAM_VERSION 0x11A9BC3Au
#define ID_DESCRIPTION     0xB6A07C19u
#define ID_BOARD           0xB63CFFBBu

enum { TYPE_TEXT = 6, TAG_RASPBERRY_PI = 'R' | 'P' << 8 };

struct entry {
    uint16_t type;
    uint16_t tag;
    uint32_t id;
    const char *text;
};

/* What start-up copies, by which picotool finds an address of RAM in the file. */
struct copy {
    uint32_t source; /* 0: the end of the list */
    uint32_t start;
    uint32_t end;
};

struct header {
    uint32_t mark_start;
    const struct entry *const *entries;
    const struct entry *const *entries_end;
    const struct copy *copies;
    uint32_t mark_end;
};

BEHIND_BOOT2 static const struct entry name = {TYPE_TEXT, TAG_RASPBERRY_PI, ID_PROGRAM_NAME, ww_program_name};
BEHIND_BOOT2 static const struct entry version = {TYPE_TEXT, TAG_RASPBERRY_PI, ID_PROGRAM_VERSION, ww_program_version};
BEHIND_BOOT2 static const struct entry description = {TYPE_TEXT, TAG_RASPBERRY_PI, ID_DESCRIPTION, ww_program_phrase};
BEHIND_BOOT2 static const struct entry board = {TYPE_TEXT, TAG_RASPBERRY_PI, ID_BOARD, board_name};
BEHIND_BOOT2 static const struct entry *const entries[] = {&name, &version, &description, &board};
BEHIND_BOOT2 static const struct copy no_copies[1]; /* all of this is where the file has it */

__attribute__((section(".binary_info"), used)) static const struct header header = {
    .mark_start = MARK_START,
    .entries = entries,
    .entries_end = entries + sizeof entries / sizeof entries[0],
    .copies = no_copies,
    .mark_end = MARK_END,
};
