/*
 * How the flash is read in place: 1 for dual output (3Bh), 0 for the plain read (03h). wwtool writes what the profile's
 * chip.flash_read says.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define FLASH_READ_DUAL 1
