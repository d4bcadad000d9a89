"""The family lstm: one convolution, then a long short-term memory (Hochreiter and Schmidhuber 1997; forget gates: Gers
et al. 2000).

It is written in elementary operators instead of UNIDIRECTIONAL_SEQUENCE_LSTM, which ESPHome does not have. So its
memory, like everything else, has 8 bits, with a scale that training learns.
"""

from __future__ import annotations

from wwtool.models.cell import CENTRED, INPUT, Cell, Dense, Logistic, Part, Plus, Times
from wwtool.models.recurrent import RecurrentArchitecture

_REMEMBER = 1.0  # of the forget gates at first (Gers et al. 2000)


class LstmArchitecture(RecurrentArchitecture):
    """Cells of ``lstm_cell``."""

    family = "lstm"

    def cell(self) -> Cell:
        return lstm_cell(self.width)


def lstm_cell(width: int) -> Cell:
    """m = f m + i g and h = o (logistic(m) - 1/2), with g = 4 logistic(x + U h) - 2.

    m is twice the usual memory and h half the usual output, so that a logistic function does for every tanh.
    """
    return Cell(
        width,
        4 * width,
        (
            Dense("from_state", "state", 4 * width, (0.0,) * width + (_REMEMBER,) * width + (0.0,) * 2 * width),
            Plus("gates_sum", INPUT, "from_state"),
            Logistic("gates", "gates_sum"),
            Part("enter", "gates", 0, width),
            Part("remember", "gates", width, width),
            Part("leave", "gates", 2 * width, width),
            Part("new_squashed", "gates", 3 * width, width),
            Plus("new_centred", "new_squashed", -0.5, CENTRED),
            Times("new", "new_centred", 4.0, (1.0 / 64.0, 0)),
            Times("entering", "enter", "new", (1.0 / 64.0, 0)),
            Times("remaining", "memory", "remember", "next_memory"),
            Plus("next_memory", "remaining", "entering"),
            Logistic("memory_squashed", "next_memory"),
            Plus("memory_centred", "memory_squashed", -0.5, CENTRED),
            Times("next_state", "leave", "memory_centred", CENTRED),
        ),
        {"state": "next_state", "memory": "next_memory"},
        "next_state",
    )
