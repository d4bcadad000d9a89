/*
 * QEMU's MPS2 boards (Cortex-M3 and M4): start-up, semihosting, and SysTick as the counter. With `-icount shift=0` an
 * instruction takes a nanosecond and SysTick counts at 25 MHz, so that a tick is 40 instructions.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "ww_machine.h"

#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)
#define CPACR    (*(volatile uint32_t *)0xE000ED88)

extern uint32_t ww_data_start[], ww_data_end[], ww_data_source[], ww_bss_start[], ww_bss_end[], ww_stack_top[];
int main(void);

/* Operation numbers of Arm's semihosting specification. */
enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_READ_BINARY = 1, OPEN_WRITE_BINARY = 5, APPLICATION_EXIT = 0x20026 };

static int semihosting(int operation, const void *arguments)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

int ww_machine_open(enum ww_machine_file which)
{
    const char *name = which == WW_MACHINE_INPUT ? "input" : "output";
    const uint32_t length = which == WW_MACHINE_INPUT ? 5 : 6;
    const uint32_t mode = which == WW_MACHINE_INPUT ? OPEN_READ_BINARY : OPEN_WRITE_BINARY;
    const uint32_t arguments[3] = {(uint32_t)name, mode, length};
    return semihosting(SYS_OPEN, arguments);
}

size_t ww_machine_read(int handle, void *data, size_t bytes)
{
    const uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)data, bytes};
    return bytes - (size_t)semihosting(SYS_READ, arguments);
}

size_t ww_machine_write(int handle, const void *data, size_t bytes)
{
    const uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)data, bytes};
    return bytes - (size_t)semihosting(SYS_WRITE, arguments);
}

void ww_machine_exit(int code)
{
    const uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)code};
    for (;;) {
        semihosting(SYS_EXIT_EXTENDED, arguments);
    }
}

uint32_t ww_machine_ticks(void)
{
    return 0xFFFFFFu - SYST_CVR;
}

uint32_t ww_machine_ticks_since(uint32_t earlier)
{
    return (ww_machine_ticks() - earlier) & 0xFFFFFFu;
}

static void fault(void)
{
    ww_machine_exit(99);
}

static void reset(void)
{
    uint32_t *to = ww_data_start;
    for (const uint32_t *from = ww_data_source; to < ww_data_end;) {
        *to++ = *from++;
    }
    for (to = ww_bss_start; to < ww_bss_end;) {
        *to++ = 0;
    }
    CPACR |= 0xFu << 20; /* the FPU, where there is one */
    SYST_RVR = 0xFFFFFF;
    SYST_CVR = 0;
    SYST_CSR = 5; /* processor clock, no interrupt */
    ww_machine_exit(main());
}

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    ww_stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};
