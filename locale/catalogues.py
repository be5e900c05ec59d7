"""Translations without system gettext: ``python locale/catalogues.py extract | check | compile``.

extract  brings ``<locale>/LC_MESSAGES/django.po`` up to date with the code; English fills itself from the msgids
check    exits 1 when a message is missing, fuzzy, obsolete, not extracted, or lost a placeholder
compile  writes the ``.mo`` files that Django reads
"""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ["escrow", "prepaid", "complaints", "demo", "templates"]
SOURCE_LANGUAGE = "en"
LOCALES = ["zh_Hans", SOURCE_LANGUAGE]
KEYWORDS = {
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
    "_": None,
    "_n": (1, 2),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|(?<!%)%[sd]|\{[\w.:]*\}")


def path_of(locale: str) -> Path:
    """The catalogue's text file."""
    return ROOT / "locale" / locale / "LC_MESSAGES" / "django.po"


def sources() -> Iterator[tuple[Path, str]]:
    """Every file with messages, and its text as Python (templates are turned into Python by Django's own lexer)."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    for top in SOURCES:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix == ".py" and "migrations" not in path.parts:
                yield path, path.read_text()
            elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
                # In brackets, because the page's indentation is none that Python's tokenizer would accept.
                yield path, f"({templatize(path.read_text(), origin=str(path))})"


def extracted() -> Catalog:
    """What the code says, without line numbers, so that moving code changes no catalogue."""
    catalog = Catalog(charset="utf-8")
    for path, text in sources():
        found = extract("python", io.BytesIO(text.encode()), KEYWORDS, ["Translators:"], {"encoding": "utf-8"})
        for _, message, comments, context in found:
            locations = [(str(path.relative_to(ROOT)), None)]
            catalog.add(message, locations=locations, auto_comments=comments, context=context)
    return catalog


def read(locale: str) -> Catalog:
    """The catalogue as it is on disk, empty if there is none."""
    path = path_of(locale)
    if not path.exists():
        return Catalog(locale=locale, charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def updated(locale: str, template: Catalog) -> Catalog:
    """The catalogue with exactly the messages of ``template``; new ones are empty (English ones are filled)."""
    old = read(locale)
    new = Catalog(locale=locale, charset="utf-8", fuzzy=False)
    for message in template:
        if not message.id:
            continue
        known = old.get(_singular(message), message.context)
        if locale == SOURCE_LANGUAGE:
            string = message.id
        elif known and isinstance(known.id, tuple) == isinstance(message.id, tuple):
            string = known.string
        else:
            string = ("",) * new.num_plurals if message.pluralizable else ""
        new.add(
            message.id,
            string,
            locations=message.locations,
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
            flags=(known.flags - {"python-format"}) if known else (),
            context=message.context,
        )
    return new


def text_of(catalog: Catalog) -> bytes:
    """The file's bytes: sorted, files without line numbers, no dates that differ on every run."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=120, sort_output=True, omit_header=True, include_lineno=False)
    header = (
        'msgid ""\nmsgstr ""\n'
        '"Content-Type: text/plain; charset=UTF-8\\n"\n'
        f'"Language: {catalog.locale}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n\n'
    )
    return header.encode() + buffer.getvalue()


def faults(locale: str, template: Catalog) -> Iterator[str]:
    """One sentence for everything that is wrong with a catalogue."""
    catalog = read(locale)
    name = path_of(locale).relative_to(ROOT)
    wanted = {(_singular(message), message.context) for message in template if message.id}
    have = {(_singular(message), message.context): message for message in catalog if message.id}
    for key in sorted(wanted - have.keys(), key=str):
        yield f"{name}: not extracted: {key[0]!r}"
    for key in sorted(have.keys() - wanted, key=str):
        yield f"{name}: obsolete: {key[0]!r}"
    if catalog.obsolete:
        yield f"{name}: holds {len(catalog.obsolete)} obsolete messages"
    for key in sorted(have.keys() & wanted, key=str):
        message = have[key]
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if message.fuzzy:
            yield f"{name}: fuzzy: {key[0]!r}"
        if not all(strings):
            yield f"{name}: missing: {key[0]!r}"
        elif any(_placeholders(string) != _placeholders(_plural(message)) for string in strings[-1:]):
            yield f"{name}: placeholders differ: {key[0]!r}"
    if path_of(locale).exists() and path_of(locale).read_bytes() != text_of(updated(locale, template)):
        yield f"{name}: out of date, run python locale/catalogues.py extract"


def main() -> int:
    """Dispatch the command line; 0 is good."""
    match sys.argv[1:]:
        case ["extract"]:
            template = extracted()
            for locale in LOCALES:
                path_of(locale).parent.mkdir(parents=True, exist_ok=True)
                path_of(locale).write_bytes(text_of(updated(locale, template)))
        case ["check"]:
            template = extracted()
            found = [fault for locale in LOCALES for fault in faults(locale, template)]
            print("\n".join(found) or f"{len(template)} messages in {len(LOCALES)} languages, complete")
            return 1 if found else 0
        case ["compile"]:
            for locale in LOCALES:
                _compile(path_of(locale))
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _compile(path: Path) -> None:
    target = path.with_suffix(".mo")
    if not path.exists() or (target.exists() and target.stat().st_mtime_ns > path.stat().st_mtime_ns):
        return
    draft = target.with_suffix(".draft")
    with path.open("rb") as source, draft.open("wb") as file:
        write_mo(file, read_po(source))
    draft.replace(target)


def _singular(message: Message) -> str:
    return message.id[0] if isinstance(message.id, (tuple, list)) else message.id


def _plural(message: Message) -> str:
    return message.id[-1] if isinstance(message.id, (tuple, list)) else message.id


def _placeholders(text: str) -> list[str]:
    return sorted(PLACEHOLDER.findall(text))


if __name__ == "__main__":
    sys.exit(main())
