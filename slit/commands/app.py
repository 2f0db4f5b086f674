"""The command line as a whole: which subcommands there are, and how it ends."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import slit
from slit.commands.accounts import accounts
from slit.commands.backtest import backtest
from slit.commands.benchmark import benchmark
from slit.commands.bound import bound
from slit.commands.calibrate import calibrate
from slit.commands.check import check
from slit.commands.diff import diff
from slit.commands.evaluate import evaluate
from slit.commands.explore import explore
from slit.commands.export import export
from slit.commands.forecast import forecast
from slit.commands.green_llm import green_llm
from slit.commands.grow import grow
from slit.commands.init import init
from slit.commands.lists import optimizers, scenarios, schema
from slit.commands.objectives import objectives
from slit.commands.operate import operate
from slit.commands.optimize import optimize
from slit.commands.predict import predict
from slit.commands.predictor import predictor
from slit.commands.replay import replay
from slit.commands.report import report
from slit.commands.settle import settle
from slit.commands.show import show
from slit.commands.terminal import ExitCode, complain
from slit.commands.tradeoff import tradeoff
from slit.commands.wireless import wireless
from slit.errors import SlitError


class Commands(TyperGroup):
    """Ends with the exit codes of slit: a user's mistake is one message, without a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the subcommand."""
        try:
            return super().invoke(ctx)
        except SlitError as error:
            complain(str(error))
            raise typer.Exit(ExitCode.MISTAKE) from None
        except KeyboardInterrupt as said:
            complain(f"interrupted{f': {said}' if str(said) else ''}")
            raise typer.Exit(ExitCode.INTERRUPTED) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"slit {slit.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print it."),
    ] = False,
) -> None:
    """Where, when and with which model variant to serve language model requests."""


app.command()(optimize)
app.command()(init)
app.command()(evaluate)
app.command()(show)
app.command()(report)
app.command()(replay)
app.command()(calibrate)
app.command()(bound)
app.command()(tradeoff)
app.command()(operate)
app.command()(settle)
app.command()(backtest)
app.command()(accounts)
app.command()(export)
app.command()(diff)
app.command()(grow)
app.add_typer(forecast, name="forecast")
app.command()(explore)
app.command()(check)
app.command()(scenarios)
app.add_typer(objectives, name="objectives")
app.command()(optimizers)
app.command()(schema)
app.command("green-llm")(green_llm)
app.add_typer(wireless, name="wireless")
app.command()(predict)
app.add_typer(predictor, name="predictor")
app.add_typer(benchmark, name="benchmark")
