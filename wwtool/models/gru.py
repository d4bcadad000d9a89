"""The family gru: one convolution, then gated recurrent units (Cho et al. 2014), whose memory is their state.

The reset gate acts after the weights, as in cuDNN, so that one product of the state serves all gates. What a unit holds
lies between -1/2 and 1/2, in steps of 1/256. It needs less memory for state than any window of past steps.
"""

from __future__ import annotations

from wwtool.models.cell import CENTRED, INPUT, Cell, Dense, Logistic, Part, Plus, Times
from wwtool.models.recurrent import RecurrentArchitecture

_SLOW = -1.0  # of the update gates at first: a unit takes up a quarter of what is new


class GruArchitecture(RecurrentArchitecture):
    """Cells of ``gru_cell``."""

    family = "gru"

    def cell(self) -> Cell:
        return gru_cell(self.width)


def gru_cell(width: int) -> Cell:
    """h + z (c - h), with z and r logistic and c = logistic(x + r U h) - 1/2; the input holds z, r and c in turn."""
    return Cell(
        width,
        3 * width,
        (
            Part("input_gates", INPUT, 0, 2 * width),
            Part("input_new", INPUT, 2 * width, width),
            Dense("state_gates", "state", 2 * width, (_SLOW,) * width + (0.0,) * width),
            Dense("state_new", "state", width),
            Plus("gates_sum", "input_gates", "state_gates"),
            Logistic("gates", "gates_sum"),
            Part("update", "gates", 0, width),
            Part("reset", "gates", width, width),
            Times("remembered", "reset", "state_new", "state_new"),
            Plus("new_sum", "input_new", "remembered"),
            Logistic("new_squashed", "new_sum"),
            Plus("new", "new_squashed", -0.5, CENTRED),
            Times("less", "state", -1.0, CENTRED),
            Plus("difference", "new", "less", (1.0 / 128.0, 0)),
            Times("step", "update", "difference", CENTRED),
            Plus("next", "state", "step", CENTRED),
        ),
        {"state": "next"},
        "next",
    )
