"""The settings file: read once, all faults at once, and its commented first version."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dockd import config, i18n
from dockd.config import Config, Home
from dockd.config_file import database_url, default_text, load, parse
from dockd.database_urls import has_password, redacted, with_password
from dockd.errors import ConfigFault, HomeFault, HomeMissing, Problem, SettingFault
from dockd.explain import explain
from hashing.digest import Algorithm


def faults_of(text: str | bytes) -> tuple[SettingFault, ...]:
    with pytest.raises(ConfigFault) as caught:
        parse(text.encode() if isinstance(text, str) else text, "dockd.toml")
    return caught.value.faults


def test_an_empty_file_means_the_defaults() -> None:
    assert parse(b"", "dockd.toml") == Config()


def test_the_first_file_means_the_defaults() -> None:
    assert parse(default_text().encode(), "dockd.toml") == Config()


def test_every_setting_stands_in_the_first_file_once_and_uncommented_means_the_default() -> None:
    text = default_text()
    for section in config.SECTIONS:
        for name, _default, _about in config.settings_of(section):
            assert len(re.findall(rf"^#{name} = ", text, re.MULTILINE)) == 1
    assert parse(re.sub(r"^#(\w+ = )", r"\1", text, flags=re.MULTILINE).encode(), "dockd.toml") == Config()


def test_given_values_are_set_and_not_commented_out() -> None:
    given_ = {"station__name": '北门 "7"', "vault__digests": ("sha256", "sm3"), "dock__parallel": 4}
    read = parse(default_text(**given_).encode(), "dockd.toml")
    assert (read.station.name, read.vault.digests, read.dock.parallel) == ('北门 "7"', ("sha256", "sm3"), 4)
    assert read.vault.algorithms == (Algorithm.BLAKE3, Algorithm.SHA256, Algorithm.SM3)


@given(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text))
def test_any_name_comes_back_as_it_was_given(name: str) -> None:
    if any("\ud800" <= letter <= "\udfff" for letter in name):
        return
    assert parse(default_text(station__name=name).encode(), "dockd.toml").station.name == name


def test_a_setting_that_does_not_exist_cannot_be_given() -> None:
    with pytest.raises(TypeError, match="dock__fast"):
        default_text(dock__fast=True)


def test_the_first_file_speaks_the_language_spoken_and_means_the_same() -> None:
    try:
        i18n.set_language("zh_CN", {})
        assert parse(default_text().encode(), "dockd.toml") == Config()
    finally:
        i18n.set_language("en", {})


def test_all_faults_are_told_at_once_in_the_order_of_their_lines() -> None:
    faults = faults_of(
        """
[dock]
parallel = 0
clears = "never"
clear = "always"
stall_s = true
[vautl]
path = "x"
[vault]
digests = ["md5"]
[facts]
memory_mib = "1 GiB"
"""
    )
    assert [(f.line, f.key, f.problem) for f in faults] == [
        (3, "dock.parallel", Problem.RANGE),
        (4, "dock.clears", Problem.UNKNOWN),
        (5, "dock.clear", Problem.CHOICE),
        (6, "dock.stall_s", Problem.TYPE),
        (7, "vautl", Problem.UNKNOWN),
        (10, "vault.digests", Problem.CHOICE),
        (12, "facts.memory_mib", Problem.TYPE),
    ]
    assert faults[1].expected == "clear"
    assert faults[0].expected == "1…256"


def test_a_number_is_never_read_out_of_a_text_nor_out_of_true() -> None:
    assert [f.problem for f in faults_of('[dock]\nparallel = "4"\nstall_s = true\ncheckpoint_mib = 1.5')] == [
        Problem.TYPE
    ] * 3


@pytest.mark.parametrize(
    ("text", "line"), [(b"[dock]\nparallel = \n", 2), (b"a = 1\na = 2\n", 2), (b"[station]\nname = '\xff'\n", 2)]
)
def test_a_file_that_is_no_toml_says_where(text: bytes, line: int) -> None:
    (fault,) = faults_of(text)
    assert (fault.problem, fault.line) == (Problem.SYNTAX, line)


def test_a_time_zone_must_exist() -> None:
    (fault,) = faults_of('[station]\ntime_zone = "Asia/Atlantis"')
    assert (fault.problem, fault.line) == (Problem.ZONE, 2)
    assert faults_of('[station]\ntime_zone = "../../etc/passwd"')[0].problem is Problem.ZONE


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///:memory:", "mysql://a/b", "catalog.db"])
def test_a_catalogue_that_would_not_last_or_that_we_do_not_serve_is_refused(url: str) -> None:
    assert faults_of(f'[database]\nurl = "{url}"')[0].key == "database.url"


def test_an_empty_folder_or_name_is_refused() -> None:
    keys = [f.key for f in faults_of('[station]\ndepartment = " "\n[vault]\npath = ""')]
    assert keys == ["station.department", "vault.path"]


def test_a_section_that_is_a_value_is_a_fault() -> None:
    assert faults_of("dock = 3")[0].problem is Problem.TYPE


def test_no_fault_shows_a_password() -> None:
    with pytest.raises(ConfigFault) as caught:
        parse(b'[database]\nurl = "mysql://dockd:hunter2@db/x"', "dockd.toml")
    told = explain(caught.value)
    assert "hunter2" not in "".join((told.sentence, told.hint, *told.details, repr(caught.value)))


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Config().dock.clear = "after-verify"  # type: ignore[misc]


def test_a_home_keeps_everything_under_one_folder(tmp_path: Path) -> None:
    home = Home.chosen(str(tmp_path), {"DOCKD_HOME": "/elsewhere"})
    settings = Config()
    places = [home.config_file, home.key_file, home.lock_file, settings.vault_dir(home), settings.families_dir(home)]
    assert all(place.startswith(f"{tmp_path}/") for place in places)
    assert settings.database_url(home) == f"sqlite:///{tmp_path}/catalog.db"
    assert Home.chosen(None, {"DOCKD_HOME": str(tmp_path)}) == home


def test_a_station_uses_the_paths_of_the_system() -> None:
    home = Home.chosen(None, {})
    assert home == Home("/etc/dockd/dockd.toml", "/var/lib/dockd", "/run/dockd")
    settings = parse(b'[vault]\npath = "/srv/vault"', "x")
    assert settings.vault_dir(home) == "/srv/vault"
    assert settings.families_dir(home) == "/etc/dockd/families"
    assert settings.database_url(home) == "sqlite:////var/lib/dockd/catalog.db"


def test_a_missing_file_is_a_missing_home_and_an_unreadable_one_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(HomeMissing):
        load(Home.at(str(tmp_path)))
    (tmp_path / "dockd.toml").mkdir()
    with pytest.raises(HomeFault):
        load(Home.at(str(tmp_path)))


def test_the_password_comes_from_the_environment_then_from_its_file(tmp_path: Path) -> None:
    home = Home.at(str(tmp_path))
    settings = parse(b'[database]\nurl = "postgresql://dockd@db/cat"\npassword_file = "secret"', "x")
    (tmp_path / "secret").write_text("p@ss/w?rd\nsecond line\n")
    assert database_url(settings, home, {}) == "postgresql+psycopg://dockd:p%40ss%2Fw%3Frd@db/cat"
    assert database_url(settings, home, {"DOCKD_DATABASE_PASSWORD": "x"}) == "postgresql+psycopg://dockd:x@db/cat"
    (tmp_path / "secret").write_bytes(b"\xff")
    with pytest.raises(ConfigFault):
        database_url(settings, home, {})
    (tmp_path / "secret").unlink()
    with pytest.raises(HomeFault):
        database_url(settings, home, {})


def test_sqlalchemy_reads_the_url_as_we_mean_it(tmp_path: Path) -> None:
    from sqlalchemy import make_url

    url = make_url(with_password("postgresql+psycopg://dockd@db:5433/cat?sslmode=require", "p@:/?#[]&ß"))
    assert (url.password, url.host, url.port, url.database) == ("p@:/?#[]&ß", "db", 5433, "cat")
    assert make_url(with_password("postgresql+psycopg:///cat", "a&b")).query["password"] == "a&b"
    assert make_url(Config().database_url(Home.at(str(tmp_path)))).database == f"{tmp_path}/catalog.db"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://dockd:hunter2@db/cat", "postgresql://dockd:***@db/cat"),
        ("postgresql://dockd:hun@ter2@db/cat", "postgresql://dockd:***@db/cat"),
        ("postgresql://dockd:hunt?er2@db/cat", "postgresql://dockd:***@db/cat"),
        ("postgresql://dockd@db/cat?password=hunter2&x=1", "postgresql://dockd@db/cat?password=***&x=1"),
        ("postgresql://dockd@db/cat", "postgresql://dockd@db/cat"),
        ("postgresql://db:5432/cat", "postgresql://db:5432/cat"),
        ("sqlite:////srv/a:b@c/catalog.db", "sqlite:////srv/a:b@c/catalog.db"),
        ("/media/recorder@3", "/media/recorder@3"),
    ],
)
def test_a_url_is_shown_without_its_password(url: str, shown: str) -> None:
    assert redacted(url) == shown
    assert has_password(url) == (url != shown)


@given(st.text(min_size=1).filter(lambda text: not any("\ud800" <= c <= "\udfff" for c in text)))
def test_no_password_put_in_is_ever_shown(password: str) -> None:
    bare = "postgresql+psycopg://dockd@db/cat"
    assert redacted(with_password(bare, password)) == "postgresql+psycopg://dockd:***@db/cat"


def test_knowing_the_settings_does_not_import_pydantic() -> None:
    code = "import sys, dockd.config, dockd.config_file, dockd.explain; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
