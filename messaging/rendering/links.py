"""Which addresses may be links, and which bare ones become links."""

from __future__ import annotations

import re
import unicodedata

from linkify_it import LinkifyIt
from linkify_it.main import Match
from linkify_it.ucre import SRC_DOMAIN

# Everything else a browser might run, or open in a program of the reader's machine.
SCHEMES = frozenset({"http", "https", "mailto"})

# As the sanitiser's own reading: a scheme, then for the web a host, and no user before it, who is
# there only to look like a host. Relative addresses would lead to pages of this server, whose
# meaning an author has no say in.
_ALLOWED = re.compile(r"(?:https?://[^/?#\\%@]+(?:[/?#]|$)|mailto:[^?#])", re.IGNORECASE)
# C0, space, DEL, C1: browsers drop some of them from within an address, and with them what we saw.
_CONTROL = re.compile("[\x00-\x20\x7f-\x9f]")


# A label of a host in the form that name servers take.
_ENCODED_LABEL = re.compile(r"(?<=[/.])xn--([a-z0-9-]+)", re.IGNORECASE)


def is_allowed(address: str) -> bool:
    """Whether a link may lead there. `address` is normalised: entities read, controls percent-encoded."""
    if _ALLOWED.match(address) is None or _CONTROL.search(address) is not None:
        return False
    host = address.split("/", 3)[2] if "//" in address else ""
    return all(_is_visible(label) for label in _ENCODED_LABEL.findall(f"/{host}"))


def _is_visible(label: str) -> bool:
    """Whether the label is of signs that can be seen: marks that turn or join others hide where a link leads."""
    try:
        return not any(unicodedata.category(sign).startswith("C") for sign in label.encode().decode("punycode"))
    except UnicodeError:
        return False


# Labels before the last one of a name. Hosts on the web have five at most; the library sets no bound,
# and takes signs like `|` for letters: from each of a thousand marks it read to the end of the text.
LABELS_MAX = 10
_LABELS = f"(?:(?:{SRC_DOMAIN})\\.)"
# What the library's address without a scheme may not begin with; ours begin with `www.` and nothing else.
_ANY_BEGINNING = "(?![$+<=>^`|\uff5c])"


class _Linker(LinkifyIt):
    """Finds addresses in text: with a scheme, with `www.`, and of e-mail.

    Not those without either: `README.md` and `main.py` are files, though `.md` and `.py` are countries.
    """

    def __init__(self) -> None:
        super().__init__()
        for scheme in ("ftp:", "//"):
            self.add(scheme, None)
        # Any: new ones come every year, and a list of 1,400 takes a third of a second to compile.
        self.tlds(["[a-z\u00a1-\uffff]{2,63}"])

    def _on_compile(self) -> None:
        """Bound what the library's patterns read, before it compiles them."""
        for name, pattern in self.re.items():
            bounded = pattern.replace(f"{_LABELS}*", f"{_LABELS}{{0,{LABELS_MAX}}}")
            self.re[name] = bounded.replace(f"{_LABELS}+", f"{_LABELS}{{1,{LABELS_MAX}}}")
        fuzzy = self.re["tpl_link_no_ip_fuzzy"]
        assert _ANY_BEGINNING in fuzzy, "the library's pattern is another one now"
        assert f"{{1,{LABELS_MAX}}}" in fuzzy, "the library's pattern is another one now"
        self.re["tpl_link_no_ip_fuzzy"] = fuzzy.replace(_ANY_BEGINNING, r"(?=www\.)")

    def match(self, text: str) -> list[Match]:
        return [found for found in super().match(text) or () if found.schema or found.raw[:4].lower() == "www."]

    def address_at(self, text: str) -> str:
        """The address with a scheme that the text begins with; empty if it does with none."""
        found = self.match_at_start(text)
        return found.raw if found else ""


linker = _Linker()
