/*
 * Kinds of memory, by their names only.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#pragma once

#include <cstddef>
#include <cstdint>

#define MALLOC_CAP_8BIT     1
#define MALLOC_CAP_SPIRAM   2
#define MALLOC_CAP_INTERNAL 4

extern "C" {
size_t heap_caps_get_free_size(uint32_t caps);
size_t heap_caps_get_largest_free_block(uint32_t caps);
void *heap_caps_malloc(size_t size, uint32_t caps);
void *heap_caps_malloc_prefer(size_t size, size_t count, ...);
void *heap_caps_calloc_prefer(size_t number, size_t size, size_t count, ...);
void *heap_caps_realloc_prefer(void *pointer, size_t size, size_t count, ...);
}
