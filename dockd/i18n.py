"""Text in the reader's language: English in the code, other languages by gettext.

`_` and `ngettext` look a message up when they are called, so a table of messages at module level is marked with `N_`
and translated where it is shown.
"""

from __future__ import annotations

import gettext as _gettext
import os
from collections.abc import Mapping

DOMAIN = "dockd"
LOCALE_DIR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "locale")
ENGLISH = "en"
CHINESE = "zh_CN"

_translations: _gettext.NullTranslations = _gettext.NullTranslations()
_language = ENGLISH


def _known(wish: str) -> str:
    """The language of ours that serves a wish like `zh_CN.UTF-8`, `zh-Hans` or `C`; English for all the others."""
    name = wish.partition(".")[0].partition("@")[0].replace("-", "_").lower()
    return CHINESE if name == "zh" or name.startswith("zh_") else ENGLISH


def chosen(setting: str | None, environ: Mapping[str, str]) -> str:
    """Which language to speak: DOCKD_LANG, then the setting unless it is `auto`, then LC_ALL, LC_MESSAGES, LANG.

    The order of the last three is that of POSIX.1-2017 §8.2; an empty one counts as not set. Otherwise English.
    """
    own = environ.get("DOCKD_LANG", "")
    if own and own != "auto":
        return _known(own)
    if setting and setting != "auto":
        return _known(setting)
    return _known(next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := environ.get(name))), ENGLISH))


def set_language(setting: str | None, environ: Mapping[str, str] | None = None, locale_dir: str = LOCALE_DIR) -> str:
    """Speak the language that `chosen` gives from now on, and say which it is.

    A language whose messages were not compiled (`make locale`) stays English rather than failing. Without `environ` it
    is chosen for the whole process: libraries that ask gettext themselves (click) then speak it too.
    """
    global _translations, _language
    _language = chosen(setting, os.environ if environ is None else environ)
    _translations = _gettext.translation(DOMAIN, locale_dir, languages=[_language], fallback=True)
    if environ is None:
        _gettext.bindtextdomain(DOMAIN, locale_dir)
        _gettext.textdomain(DOMAIN)
        os.environ["LANGUAGE"] = _language
    return _language


def language() -> str:
    """The language that is spoken now."""
    return _language


def is_translated() -> bool:
    """Whether the messages of the language spoken now are there; English always is."""
    return _language == ENGLISH or isinstance(_translations, _gettext.GNUTranslations)


def _(message: str) -> str:
    """`message` in the language spoken now."""
    return _translations.gettext(message)


def ngettext(one: str, many: str, number: int) -> str:
    """The form of a message that goes with `number`, in the language spoken now."""
    return _translations.ngettext(one, many, number)


def N_(message: str) -> str:
    """`message` itself: marks it for translation where it stands, to be shown through `_` later."""
    return message


def NN_(one: str, many: str) -> tuple[str, str]:
    """The forms of a message that goes with a number, marked for translation as `N_` marks one without."""
    return one, many
