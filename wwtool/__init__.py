"""wwtool turns a wake word into flashable firmware and proves on the device that it works."""

__version__ = "0.1.0"
