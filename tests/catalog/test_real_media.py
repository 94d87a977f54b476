"""Facts of files that real cameras made: DOCKD_REAL_MEDIA, or the folder shared/real-media beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog.probe import Probe
from hashing.filecalls import OsFileCalls


def _real_media() -> Path | None:
    told = os.environ.get("DOCKD_REAL_MEDIA")
    folder = Path(told) if told else Path(__file__).resolve().parents[3] / "shared" / "real-media"
    return folder if folder.is_dir() else None


# Read off the tools' own output by hand: duration (ms), width, height, make, model, created and its unit, position.
REAL = {
    "canon-eos-d60.jpg": (None, 1772, 1181, "Canon", "Canon EOS D60", "2002-10-26T19:26:35", "unzoned", None),
    "flir-thermal.mp4": (11353, 1080, 1440, None, None, "2021-05-16T19:27:55Z", "utc", ("34.07539", "-118.2543")),
    "fujifilm-finepix6800zoom.jpg": (
        *(None, 640, 480, "FUJIFILM", "FinePix6800 ZOOM", "2002-05-14T18:14:07", "unzoned", None),
    ),
    "hp-photosmart-735.jpg": (
        *(None, 640, 480, "Hewlett-Packard", "hp photosmart 735", "2004-10-19T06:10:01", "unzoned", None),
    ),
    "htc-desire.jpg": (
        *(None, 776, 909, "HTC", "HTC Desire", "2011-05-06T09:59:48", "unzoned", ("45.5006667", "9.1103333")),
    ),
    "kodak-100_0306.avi": (2733, 320, 240, None, None, "2020-08-28", "unzoned", None),
    "phone-sample.3gp": (4933, 176, 144, None, None, "2005-10-28T17:36:40", "unzoned", None),
    "phone-with-gps.mov": (
        *(4002, 568, 320, "Apple", "iPhone 6", "2019-07-24T11:25:40+03:00", "local", ("32.0929", "34.862")),
    ),
    "phone-with-gps.mp4": (171, 1920, 1080, None, None, "2017-02-22T08:20:28", "unzoned", ("51.4169", "-0.0806")),
    "sony-ilce-7m3.mts": (544, 1920, 1080, "Sony", "ILCE-7M3", "2019-04-24T22:24:00+02:00", "local", None),
    "voice-recorder.m4a": (11288, None, None, None, None, None, None, None),
}
KINDS: dict[str, str] = {".jpg": "photo", ".m4a": "audio"}

if (REAL_MEDIA := _real_media()) is not None:

    @pytest.mark.parametrize("name", [name for name in REAL if (REAL_MEDIA / name).is_file()])
    def test_files_of_real_cameras_give_the_right_facts(name: str) -> None:
        assert REAL_MEDIA is not None
        with Probe(REAL_MEDIA, files=OsFileCalls()) as probe:
            probed = probe.facts(REAL_MEDIA / name, KINDS.get(Path(name).suffix, "video"))
        found = {fact.name: fact.value for fact in probed.facts}
        units = {fact.name: fact.unit for fact in probed.facts}
        point = found.get("gps_point")
        assert (
            *(found.get(fact) for fact in ("duration", "width", "height", "make", "model", "created")),
            units.get("created"),
            point and (point["lat"], point["lon"]),
        ) == REAL[name]
        assert probed.failures == ()
