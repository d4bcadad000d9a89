/*
 * The application on a painted stack. See stack.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "stack.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "say.h"

enum { STACK_BYTES = 256 * 1024, GUARD_BYTES = 64 * 1024 /* a page, of any size that Linux has */, PAINT = 0xA5 };

static uint8_t *memory; /* the guard, then the stack, which grows towards it */

void stack_run(void (*body)(void))
{
    static ucontext_t caller;
    static ucontext_t application;

    void *found =
        mmap(NULL, GUARD_BYTES + STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (found == MAP_FAILED || mprotect(found, GUARD_BYTES, PROT_NONE) != 0 || getcontext(&application) != 0) {
        refuse("there is no memory for the stack: %s; end other programs", strerror(errno));
    }
    memory = found;
    memset(memory + GUARD_BYTES, PAINT, STACK_BYTES);
    application.uc_stack.ss_sp = memory + GUARD_BYTES;
    application.uc_stack.ss_size = STACK_BYTES;
    application.uc_link = &caller;
    makecontext(&application, body, 0);
    if (swapcontext(&caller, &application) != 0) {
        refuse("the stack cannot be changed: %s; end other programs", strerror(errno));
    }
}

uint32_t stack_high_water(void)
{
    const uint8_t *stack = memory + GUARD_BYTES;
    uint32_t untouched = 0;

    while (untouched < STACK_BYTES && stack[untouched] == PAINT) {
        untouched++;
    }
    return STACK_BYTES - untouched;
}
