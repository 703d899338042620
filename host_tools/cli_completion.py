"""`upyml completion`: what a shell needs to complete commands, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from host_tools.cli_errors import CODES, guarded

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_UPYML_COMPLETE"  # click answers completions where it is set


@click.command(epilog=CODES)
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
@guarded
def completion(context, shell):
    """Prints a script that completes upyml's commands and options with the Tab key.

    \b
      bash:  upyml completion bash >> ~/.bashrc
      zsh:   upyml completion zsh >> ~/.zshrc
      fish:  upyml completion fish > ~/.config/fish/completions/upyml.fish

    It works in every shell that is started then.
    """
    script = get_completion_class(shell)(context.find_root().command, {}, "upyml", VARIABLE)
    click.echo(script.source_template % script.source_vars())  # source() would ask for the version of the bash here
