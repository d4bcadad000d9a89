"""A model of the nRF52840 for Unicorn: the core, its peripherals, and its USB device."""
