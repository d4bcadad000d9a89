/*
 * QEMU's Xtensa `sim` machine: files and exit by simcall, CCOUNT as the counter. On the core dc232b with
 * `-icount shift=6` CCOUNT counts instructions one by one.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_machine.h"

enum { SIM_EXIT = 1, SIM_READ = 3, SIM_WRITE = 4 };

static int simcall(int operation, int a, int b, int c)
{
    register int a2 __asm__("a2") = operation;
    register int a3 __asm__("a3") = a;
    register int a4 __asm__("a4") = b;
    register int a5 __asm__("a5") = c;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

int ww_machine_open(enum ww_machine_file which)
{
    return which == WW_MACHINE_INPUT ? 0 : 1; /* the emulator's own standard input and output */
}

size_t ww_machine_read(int handle, void *data, size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        const int count = simcall(SIM_READ, handle, (int)((char *)data + done), (int)(bytes - done));
        if (count <= 0) {
            break;
        }
        done += (size_t)count;
    }
    return done;
}

size_t ww_machine_write(int handle, const void *data, size_t bytes)
{
    size_t done = 0;
    while (done < bytes) {
        const int count = simcall(SIM_WRITE, handle, (int)((const char *)data + done), (int)(bytes - done));
        if (count <= 0) {
            break;
        }
        done += (size_t)count;
    }
    return done;
}

void ww_machine_exit(int code)
{
    for (;;) {
        simcall(SIM_EXIT, code, 0, 0);
    }
}

uint32_t ww_machine_ticks(void)
{
    uint32_t count;
    __asm__ volatile("rsr %0, ccount" : "=r"(count) : : "memory");
    return count;
}

uint32_t ww_machine_ticks_since(uint32_t earlier)
{
    return ww_machine_ticks() - earlier;
}
