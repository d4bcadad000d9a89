"""``python -m wwtool``."""

from wwtool.cli.main import main

main()
