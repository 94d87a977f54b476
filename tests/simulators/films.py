"""Recordings as recorders and other people's programs make them: real MP4, made by ffmpeg, small and quick."""

from __future__ import annotations

import subprocess
from pathlib import Path

# What a recording of `film` names as its program; anything else ffmpeg writes has its version in it.
OWN_ENCODER = "Lavc libx264"
_EXACT = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")


def ffmpeg(*words: str) -> None:
    """Run ffmpeg, quietly."""
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *words], check=True)


def film(path: Path, seconds: float, *options: str, filters: str = "null", foreign: bool = False) -> Path:
    """A recording of so many seconds; `foreign`: by a program that recorders do not have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    sources = ["-f", "lavfi", "-i", f"testsrc=size=64x48:rate=10:duration={seconds}"]
    sources += ["-f", "lavfi", "-i", f"sine=duration={seconds}"]
    codecs = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac", "-vf", filters, "-fps_mode", "vfr"]
    # Each has bytes of its own, or the vault would keep one of them.
    title = ["-metadata", f"title={path.name}"]
    ffmpeg(*sources, *codecs, *(() if foreign else _EXACT), *title, *options, str(path))
    return path


def cut_off(path: Path, seconds: float) -> Path:
    """A recording whose recorder lost its power: the index was never written."""
    whole = film(path, seconds).read_bytes()
    path.write_bytes(whole[: whole.rindex(b"moov") - 4])
    return path


def jumping(path: Path, seconds: float, at_s: float, length_s: float) -> Path:
    """A recording of which a part is not there."""
    return film(path, seconds, filters=f"setpts=PTS+if(gte(T\\,{at_s})\\,{length_s}/TB\\,0)")


def trimmed(path: Path, seconds: float, first_s: float) -> Path:
    """A recording whose beginning an edit list hides; nothing was encoded anew, and no program is named."""
    whole = film(path.with_name(f"whole-{path.name}"), seconds, "-g", "1000")
    ffmpeg("-ss", str(first_s), "-i", str(whole), "-c", "copy", *_EXACT, str(path))
    whole.unlink()
    return path
