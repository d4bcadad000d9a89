/*
 * Watchdog. See watchdog.h, and bare.h for board_keep_alive().
 *
 * Once started it runs until it resets the chip: it cannot be stopped, and a soft reset does not end it (5.3.6.6).
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "watchdog.h"

#include "bare.h"
#include "interrupts.h"
#include "nrf52840.h"
#include "takeover.h"
#include "usb_power.h"

enum { WATCHDOG_PERIOD_S = 3 };

/*
 * Arduino's boot loader stays if it finds a word in RAM, that it leaves there itself for half a second after each reset
 * (bootloaders/nano33ble: the second tap of the reset button). It never feeds the watchdog.
 */
#define ARDUINO_DOUBLE_TAP      REG(0x20007FFCu)
#define ARDUINO_DOUBLE_TAP_WORD 0x07738135u
#define ARDUINO_STAYS           0xB0u /* in GPREGRET: DFU_MAGIC_SERIAL_ONLY_RESET of Arduino's core */

/*
 * Adafruit's looks at GPREGRET alone, which the watchdog's reset clears, but feeds a watchdog that runs (its main.c,
 * bootloader.c). It finds the program by a copy of its vectors, which lies in the code of Arduino's boot loader.
 */
#define ADAFRUIT_VECTORS REG(0x1000u)
#define ADAFRUIT_STAYS   0x57u /* DFU_MAGIC_UF2_RESET */

/* If it runs already, its settings are fixed, and it can want to be fed at each of its registers. */
void watchdog_init(void)
{
    if (*WDT_RUNSTATUS == 0) {
        *WDT_CONFIG = WDT_CONFIG_RUN_IN_SLEEP; /* but not while a debugger has stopped the core */
        *WDT_CRV = WATCHDOG_PERIOD_S * WDT_HZ - 1u;
        *WDT_TASKS_START = 1;
    }
    board_keep_alive();
}

void board_keep_alive(void)
{
    for (uint32_t n = 0; n < WDT_RR_COUNT; n++) {
        *WDT_RR(n) = WDT_RELOAD;
    }
}

static bool boot_loader_is_adafruits(void)
{
    const volatile uint32_t *own = REG(*SCB_VTOR);
    const volatile uint32_t *copy = ADAFRUIT_VECTORS;

    return copy[0] == own[0] && copy[1] == own[1];
}

void restart_in_boot_loader(void)
{
    (void)interrupts_off();
    usb_leave();
    take_over(); /* the boot loader is to find nothing that runs */
    if (boot_loader_is_adafruits()) {
        *POWER_GPREGRET = ADAFRUIT_STAYS;
        board_keep_alive();
        __asm volatile("dsb" : : : "memory");
        *SCB_AIRCR = AIRCR_RESET;
    } else {
        *POWER_GPREGRET = ARDUINO_STAYS;
        *ARDUINO_DOUBLE_TAP = ARDUINO_DOUBLE_TAP_WORD;
    }
    /* Until the watchdog resets the chip, which ends it: otherwise it would do so while the boot loader writes. */
    for (;;) {
    }
}
