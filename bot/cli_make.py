"""`sora make`: one clip from the command line, through the same line as everybody's."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

# The texts are those of bot/grammar.py, repeated because importing it takes longer than `sora --help`
# should; a test compares them.
Text = str | None
File = Path | None
DATA = "Folder for the studio's data: database, clips, queue (same as SORA_DATA)."


def make(
    prompt: Annotated[str, typer.Argument(metavar="PROMPT", help="What the clip should show.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="The file; of several clips, name-1.mp4 and so on."),
    ] = Path("clip.mp4"),
    model: Annotated[Text, typer.Option(help="Which model renders it.")] = None,
    aspect: Annotated[Text, typer.Option(help="The shape of the picture, such as 16:9.")] = None,
    duration: Annotated[Text, typer.Option(help="How many seconds it lasts.")] = None,
    variations: Annotated[Text, typer.Option(help="How many clips to make at once.")] = "1",
    seed: Annotated[Text, typer.Option(help="The same seed gives the same clip.")] = None,
    negative: Annotated[Text, typer.Option(help="What it should not show.")] = None,
    steps: Annotated[Text, typer.Option(help="More steps take longer and look finer.")] = None,
    guidance: Annotated[Text, typer.Option(help="How strictly to follow the prompt.")] = None,
    image: Annotated[File, typer.Option(help="What it begins with.")] = None,
    last: Annotated[File, typer.Option(help="What it ends with.")] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Let it end where it begins.")] = False,
    style: Annotated[Text, typer.Option(help="How it is drawn; name:0.8 makes it weaker.")] = None,
    final: Annotated[
        bool, typer.Option("--final", help="Render it in full at once, without a draft.")
    ] = False,
    upscale: Annotated[bool, typer.Option("--upscale", help="Make it twice as large.")] = False,
    smooth: Annotated[bool, typer.Option("--smooth", help="Make twice as many frames.")] = False,
    storyboard: Annotated[
        bool,
        typer.Option("--storyboard", help="A film of several shots; put | between their prompts."),
    ] = False,
    publish: Annotated[
        bool, typer.Option("--publish", help="Send it on to review for the showcase.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite files.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="The result as one JSON object on stdout.")
    ] = False,
    data: Annotated[Path | None, typer.Option(help=f"{DATA} \\[default: data]")] = None,
) -> None:
    """Make a clip and write it to a file. Starts what it needs when no studio is running."""
    from bot import making, pictures
    from bot.grammar import from_fields
    from bot.settings import settings_from

    given = {
        "prompt": prompt,
        "model": model,
        "aspect": aspect,
        "duration": duration,
        "variations": variations,
        "seed": seed,
        "negative": negative,
        "steps": steps,
        "guidance": guidance,
        "style": style,
    }
    flags = {"loop": loop, "final": final, "upscale": upscale, "smooth": smooth}
    flags["storyboard"] = storyboard
    flags["private"] = not publish
    fields = {name: value for name, value in given.items() if value is not None}
    fields |= {name: "yes" for name, given in flags.items() if given}
    attached = {"image": image, "last": last}
    files = {name: pictures.read(file) for name, file in attached.items() if file is not None}
    settings = settings_from(data)
    status = making.make(settings, from_fields(fields), files, output, force=force, as_json=as_json)
    raise typer.Exit(status)
