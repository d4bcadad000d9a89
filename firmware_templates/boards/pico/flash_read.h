/*
 * How the flash is read in place: on four lines (EBh), on two (3Bh), or plainly on one (03h). wwtool writes what the
 * profile's chip.flash_read says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define FLASH_READ_PLAIN 0
#define FLASH_READ_DUAL  1
#define FLASH_READ_QUAD  2

#define FLASH_READ FLASH_READ_DUAL
