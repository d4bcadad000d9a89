/*
 * An LED of the computer. See led.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#define _GNU_SOURCE
#include "led.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

int led_open(const char *asked, const char *usual)
{
    const char *path = asked != NULL ? asked : usual;
    const int led = path == NULL ? -1 : open(path, O_WRONLY | O_CLOEXEC);

    if (led < 0 && asked != NULL) {
        refuse("%s cannot be written: %s; give another --led, or start as root", asked, strerror(errno));
    }
    led_set(led, false); /* also ends what the kernel shows on it, such as the SD card's activity */
    return led;
}

/* The kernel takes the greatest brightness that there is for a greater one (Documentation/leds/leds-class.rst). */
void led_set(int led, bool on)
{
    if (led >= 0) {
        (void)!pwrite(led, on ? "255" : "0", on ? 3 : 1, 0);
    }
}
