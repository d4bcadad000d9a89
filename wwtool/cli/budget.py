"""``wwtool budget``."""

from __future__ import annotations

from typing import Any

import click

from wwtool.cli.budget_tables import print_budget, print_budgets
from wwtool.cli.common import CONFIG, complain_of_warnings, json_option, make, option, platform_option
from wwtool.cli.model_names import ModelName
from wwtool.cli.terminal import console, print_json
from wwtool.jobs.budget import BudgetRequest, plan, run
from wwtool.jobs.settings import MODELS


@click.command()
@platform_option()
@option(BudgetRequest, "model", type=ModelName(MODELS[1:]), metavar="NAME")
@option(BudgetRequest, "framework", metavar="NAME", default=BudgetRequest.model_fields["framework"].default,
        show_default=True)  # fmt: skip
@option(BudgetRequest, "config", type=CONFIG)
@click.option("--no-cache", is_flag=True, help="Measure again what has been measured before.")
@json_option
def budget(no_cache: bool, as_json: bool, **options: Any) -> None:
    """Measure a model's firmware against a platform's budget: a dry build with random weights.

    Without the compiler or the emulator, figures are estimated, and marked so.
    """
    request = make(BudgetRequest, use_cache=not no_cache, **options)
    result = run(plan(request, complain_of_warnings), complain_of_warnings)
    if as_json:
        print_json("budget", 2, result.as_dict())
    elif request.model is not None:
        print_budget(console(), result.platform, result.models[0])
    else:
        print_budgets(console(), result.platform, result.models, result.over)
    if result.refusal is not None:
        raise result.refusal
