/*
 * USB descriptors. See usb_descriptors.h. Layouts: USB 2.0 section 9.6, CDC 1.20 section 5.2, PSTN 1.20 section 5.3.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "usb_descriptors.h"

#include "usb_board.h"
#include "usb_controller.h"

enum {
    TYPE_DEVICE = 1,
    TYPE_CONFIGURATION = 2,
    TYPE_STRING = 3,
    TYPE_INTERFACE = 4,
    TYPE_ENDPOINT = 5,
    TYPE_INTERFACE_ASSOCIATION = 11,
    TYPE_CS_INTERFACE = 0x24,

    CLASS_MISC = 0xEF, /* with subclass 2, protocol 1: the device uses interface associations */
    CLASS_CDC = 2,
    SUBCLASS_ACM = 2,
    CLASS_CDC_DATA = 10,

    CDC_HEADER = 0,
    CDC_CALL_MANAGEMENT = 1,
    CDC_ACM = 2,
    CDC_UNION = 6,

    EP_IN = 0x80,
    EP_BULK = 2,
    EP_INTERRUPT = 3,
    NOTIFY_PACKET_BYTES = 8,

    STRING_LANGUAGES = 0,
    STRING_MANUFACTURER = 1,
    STRING_PRODUCT = 2,
    STRING_SERIAL_NUMBER = USB_HAS_SERIAL_NUMBER ? 3 : 0, /* 0: there is none */
};

#define LE16(value) (value) & 0xFF, (value) >> 8

/* A descriptor a line. */
/* clang-format off */
static const uint8_t device_descriptor[] = {
    18, TYPE_DEVICE, LE16(0x0200), CLASS_MISC, 2, 1, USB_PACKET_BYTES, LE16(USB_VENDOR),
    LE16(USB_PRODUCT), LE16(0x0100), STRING_MANUFACTURER, STRING_PRODUCT, STRING_SERIAL_NUMBER, 1,
};

static const uint8_t configuration_descriptor[] = {
    9, TYPE_CONFIGURATION, LE16(75), 2, 1, 0, 0x80, USB_MILLIAMPERES / 2, /* bus-powered */
    8, TYPE_INTERFACE_ASSOCIATION, 0, 2, CLASS_CDC, SUBCLASS_ACM, 0, 0,

    9, TYPE_INTERFACE, 0, 0, 1, CLASS_CDC, SUBCLASS_ACM, 0, 0,
    5, TYPE_CS_INTERFACE, CDC_HEADER, LE16(0x0120),
    5, TYPE_CS_INTERFACE, CDC_CALL_MANAGEMENT, 0, 1,
    4, TYPE_CS_INTERFACE, CDC_ACM, 0x02, /* line coding and control line state */
    5, TYPE_CS_INTERFACE, CDC_UNION, 0, 1,
    7, TYPE_ENDPOINT, EP_IN | USB_EP_NOTIFY, EP_INTERRUPT, LE16(NOTIFY_PACKET_BYTES), 16,

    9, TYPE_INTERFACE, 1, 0, 2, CLASS_CDC_DATA, 0, 0, 0,
    7, TYPE_ENDPOINT, USB_EP_DATA, EP_BULK, LE16(USB_PACKET_BYTES), 0,
    7, TYPE_ENDPOINT, EP_IN | USB_EP_DATA, EP_BULK, LE16(USB_PACKET_BYTES), 0,
};
/* clang-format on */
_Static_assert(sizeof device_descriptor == 18, "USB 2.0 table 9-8");
_Static_assert(sizeof configuration_descriptor == 75, "its wTotalLength");

static const uint8_t languages[] = {4, TYPE_STRING, LE16(0x0409)};

static size_t append(uint8_t scratch[USB_STRING_MAX_BYTES], size_t length, char character)
{
    if (length + 2 > USB_STRING_MAX_BYTES) {
        return length;
    }
    scratch[length] = (uint8_t)character;
    scratch[length + 1] = 0;
    return length + 2;
}

/* A string descriptor of some length. */
static const uint8_t *finish(uint8_t scratch[USB_STRING_MAX_BYTES], size_t length)
{
    scratch[0] = (uint8_t)length;
    scratch[1] = TYPE_STRING;
    return scratch;
}

static const uint8_t *compose(const char *text, uint8_t scratch[USB_STRING_MAX_BYTES], size_t *length)
{
    *length = 2;
    for (; *text != '\0'; text++) {
        *length = append(scratch, *length, *text);
    }
    return finish(scratch, *length);
}

#if USB_HAS_SERIAL_NUMBER
static const uint8_t *compose_serial_number(uint8_t scratch[USB_STRING_MAX_BYTES], size_t *length)
{
    const uint64_t number = usb_serial_number();

    *length = 2;
    for (int shift = 60; shift >= 0; shift -= 4) {
        *length = append(scratch, *length, "0123456789ABCDEF"[number >> shift & 0xFu]);
    }
    return finish(scratch, *length);
}
#endif

const uint8_t *usb_descriptor(uint8_t type, uint8_t index, uint8_t scratch[USB_STRING_MAX_BYTES], size_t *length)
{
    if (type == TYPE_DEVICE) {
        *length = sizeof device_descriptor;
        return device_descriptor;
    }
    if (type == TYPE_CONFIGURATION && index == 0) {
        *length = sizeof configuration_descriptor;
        return configuration_descriptor;
    }
    if (type == TYPE_STRING && index == STRING_LANGUAGES) {
        *length = sizeof languages;
        return languages;
    }
    if (type == TYPE_STRING && (index == STRING_MANUFACTURER || index == STRING_PRODUCT)) {
        return compose(index == STRING_PRODUCT ? "wwtool wake word (" USB_BOARD_NAME ")" : "wwtool", scratch, length);
    }
#if USB_HAS_SERIAL_NUMBER
    if (type == TYPE_STRING && index == STRING_SERIAL_NUMBER) {
        return compose_serial_number(scratch, length);
    }
#endif
    return NULL;
}
