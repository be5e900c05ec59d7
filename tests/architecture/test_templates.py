"""Every template keeps the content security policy, protects its forms and names its pictures."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# (The sandbox bank is another house with a policy of its own.)
TEMPLATES = sorted(
    path
    for place in ("templates", "prepaid", "complaints", "escrow", "demo")
    for path in (ROOT / place).rglob("*.html")
)
# Tags inside an attribute's value would confuse an HTML parser; what they print is never a tag or an attribute's name.
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
COMMENT = re.compile(r"\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)


class Template(HTMLParser):
    """Collects what a template must not have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.form: str | None = None  # what follows the opening tag of an open POST form
        text = COMMENT.sub("", text).replace("{% csrf_token %}", "<csrf-token>")
        self.feed(TAG.sub(" ", text.replace("{% static", "x{% static")))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        where = f"line {self.getpos()[0]}: <{tag}>"
        self.faults += [f"{where} has {name}" for name in named if name == "style" or name.startswith("on")]
        if tag == "style":
            self.faults.append(f"{where} is inline style")
        if tag == "script" and not (named.get("src") or "").strip() and "json" not in (named.get("type") or ""):
            self.faults.append(f"{where} is inline script")
        if tag == "img" and "alt" not in named:
            self.faults.append(f"{where} has no alt")
        if any((value or "").strip().lower().startswith("javascript:") for value in named.values()):
            self.faults.append(f"{where} has a javascript: address")
        if "table-wrap" in (named.get("class") or "").split() and named.get("tabindex") != "0":
            self.faults.append(f"{where} scrolls, and the keyboard cannot reach it")
        if tag == "form" and (named.get("method") or "").lower() == "post":
            self.form = where
        if tag == "csrf-token":
            self.form = None

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            self.faults.append(f"{self.form} has no csrf_token")
            self.form = None


def faults(text: str) -> list[str]:
    return Template(text).faults


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_is_clean(path: Path) -> None:
    """No inline style, script or handler; a token in every POST form; an alt on every picture."""
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color: red">x</p>',
        "<style>p { color: red }</style>",
        "<script>alert(1)</script>",
        '<button onclick="x()">x</button>',
        '<form method="post"><button>x</button></form>',
        '<form method="POST">{% if a %}<button>x</button>{% endif %}</form>{% csrf_token %}',
        '<img src="{% static "a.png" %}">',
        '<a href="javascript:x()">x</a>',
        '<div class="table-wrap"><table></table></div>',
    ],
)
def test_a_fault_is_found(bad: str) -> None:
    """The check above can fail."""
    assert faults(bad)


@pytest.mark.parametrize(
    "good",
    [
        '<script type="module" src="{% static \'js/copy.js\' %}"></script>',
        '<form method="post" action="{% url \'home\' %}">{% csrf_token %}<button{% if a %} class="b"{% endif %}>x</button></form>',
        '<form method="get"><button>x</button></form>',
        '<img src="{{ src }}" alt="">',
    ],
)
def test_what_is_allowed_passes(good: str) -> None:
    """And it does not cry wolf."""
    assert faults(good) == []


def test_the_templates_are_found() -> None:
    """An empty list would pass everything."""
    assert len(TEMPLATES) > 20
