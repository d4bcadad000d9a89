"""The stages of a run tied together: data, features, training, export, evaluation, firmware, report."""
