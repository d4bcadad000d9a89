/* Stand-in: Zephyr's documentation, "Printk". */
#pragma once
#include <stdio.h>
#define printk printf
