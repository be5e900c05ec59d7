"""ISO 20022 camt.053, versions 001.02 to 001.14 as banks really send them.

No tree is built: expat feeds ``_Reader``, which keeps the few paths it knows, so memory does not grow with what else is
in the file. DTDs are refused before an entity can be declared. Why no library: docs/reconciliation.md.
"""

import codecs
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import BinaryIO
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from escrow.bank_files.amounts import fen, moment
from escrow.bank_files.errors import EmptyBankFile, HostileBankFile, UnreadableBankFile
from escrow.bank_files.kinds import kind_of
from escrow.bank_files.statement import MOST_LINES, Direction, Line, Statement, identified

MESSAGE = "BkToCstmrStmt"
DEPTH, TEXT = 64, 2000
#: Encodings of text; Python knows others that unpack archives.
ENCODINGS = re.compile(
    r"utf-?8|utf-?16|us-ascii|ascii|iso-8859-\d{1,2}|windows-125\d|gb18030|gbk|gb2312|big5", re.IGNORECASE
)
#: What stands where a bank has nothing to say.
NOTHING = {"NONREF", "NOTPROVIDED", "NOT PROVIDED", "NOTAVAILABLE", "UNKNOWN"}
#: Booked balances, the likeliest first: PRCD is yesterday's closing, 010 and 015 are BAI's opening and closing ledger, ITBD
#: stands at the edges of a page.
OPENING, CLOSING = ("OPBD", "PRCD", "010", "ITBD"), ("CLBD", "015", "ITBD")
CODES = ("BkTxCd/Domn/Cd", "BkTxCd/Domn/Fmly/Cd", "BkTxCd/Domn/Fmly/SubFmlyCd", "BkTxCd/Prtry/Cd")
#: What may be a number of ours, the likeliest first.
REFERENCES = (
    "Refs/EndToEndId",
    "Refs/InstrId",
    "RmtInf/Strd/CdtrRefInf/Ref",
    "Refs/TxId",
    "Refs/PmtInfId",
    "Refs/Prtry/Ref",
    "Refs/ClrSysRef",
    "Refs/MsgId",
)
PARTIES = {"in": ("Dbtr", "UltmtDbtr"), "out": ("Cdtr", "UltmtCdtr")}
WANTED_OF_STATEMENT = frozenset(
    {"Id", "CreDtTm", "FrToDt/FrDtTm", "FrToDt/ToDtTm", "Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Ccy"}
    | {"Acct/Id/PrtryAcct/Id", "Acct/Id/BBAN"}
)
WANTED_OF_BALANCE = frozenset({"Tp/CdOrPrtry/Cd", "Tp/CdOrPrtry/Prtry", "Amt", "CdtDbtInd", "Dt/Dt", "Dt/DtTm"})
WANTED_OF_ENTRY = frozenset(
    {"NtryRef", "Amt", "CdtDbtInd", "RvslInd", "Sts", "Sts/Cd", "BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"}
    | {"AcctSvcrRef", "AddtlNtryInf", *CODES}
)
WANTED_OF_DETAIL = frozenset(
    {"Refs/AcctSvcrRef", "Amt", "AmtDtls/TxAmt/Amt", "CdtDbtInd", "RmtInf/Ustrd", "AddtlTxInf", *REFERENCES, *CODES}
    | {
        f"RltdPties/{party}{path}"
        for pair in PARTIES.values()
        for party in pair
        for path in ("/Nm", "/Pty/Nm", "Acct/Id/IBAN", "Acct/Id/Othr/Id")
    }
)
#: Where facts are collected, by the element's path below ``BkToCstmrStmt``.
PLACES: dict[str, frozenset[str]] = {
    "Stmt": WANTED_OF_STATEMENT,
    "Stmt/Bal": WANTED_OF_BALANCE,
    "Stmt/Ntry": WANTED_OF_ENTRY,
    "Stmt/Ntry/NtryDtls/TxDtls": WANTED_OF_DETAIL,
}

Facts = dict[str, str]


def read(content: BinaryIO) -> list[Statement]:
    """Every statement of the message.

    Raises:
        UnreadableBankFile: not well-formed, not camt.053, a sum or a day that is none. HostileBankFile: DTD, entities,
        absurd nesting. EmptyBankFile: no statement in it.
    """
    reader = _Reader()
    parser = DefusedXMLParser(target=reader, encoding="utf-8", forbid_dtd=True)
    try:
        for piece in _as_utf8(content):
            parser.feed(piece)
        parser.close()
    except DefusedXmlException as error:
        raise HostileBankFile(what=type(error).__name__) from error
    except ParseError as error:
        line, column = getattr(error, "position", (0, 0))
        raise UnreadableBankFile(where=f"XML {line}:{column}", what=str(error).partition(":")[0]) from error
    except (UnicodeError, LookupError) as error:
        raise UnreadableBankFile(where="XML", what="encoding") from error
    if not reader.message:
        raise UnreadableBankFile(where="XML", what=f"{MESSAGE}?")
    if not reader.statements:
        raise EmptyBankFile()
    return reader.statements


def _as_utf8(content: BinaryIO) -> Iterator[bytes]:
    """The bytes as UTF-8 whatever they were declared as: expat itself knows no GB 18030."""
    head = content.read(256)
    content.seek(0)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        declared = "utf-16"
    else:
        found = re.search(rb"""<\?xml[^>]*\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""", head)
        declared = found.group(1).decode() if found else "utf-8"
        if not ENCODINGS.fullmatch(declared):
            raise LookupError(declared)
        if declared.lower() in {"gbk", "gb2312"}:  # a bank that says so means the larger set
            declared = "gb18030"
    decoder = codecs.getincrementaldecoder(declared)()
    while piece := content.read(1 << 16):
        yield decoder.decode(piece).encode()
    yield decoder.decode(b"", final=True).encode()


@dataclass
class _Detail:
    """One transaction of an entry; ``currencies`` of the amounts it names."""

    facts: Facts
    remittance: list[str]
    currencies: Facts


@dataclass
class _Entry:
    facts: Facts = field(default_factory=dict)
    currency: str = ""
    details: list[_Detail] = field(default_factory=list)


class _Reader:
    """The target of the parser: elements in, statements out."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self._path: list[str] = []
        self._base = 0  # levels down to the message
        self._text: list[str] = []
        self._places: list[tuple[int, Facts, Facts, list[str]]] = []  # depth, facts, currencies, remittance
        self._balances: list[tuple[Facts, Facts]] = []
        self._entry = _Entry()
        self._lines: list[Line] = []
        self._stated: Facts = {}
        self._count = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._path.append(tag.rpartition("}")[2])
        if len(self._path) > DEPTH:
            raise HostileBankFile(what=f"> {DEPTH} levels")
        self._text = []
        if not self._base:  # an envelope may stand around the document
            self._base = len(self._path) if self._path[-1] == MESSAGE else 0
            return
        place = "/".join(self._path[self._base :])
        if place in PLACES:
            self._places.append((len(self._path), {}, {}, []))
            if place == "Stmt":
                self._balances, self._lines, self._stated = [], [], self._places[-1][1]
            elif place == "Stmt/Ntry":
                self._entry = _Entry(facts=self._places[-1][1])
        elif self._places and "Ccy" in attributes:
            depth, _facts, currencies, _remittance = self._places[-1]
            currencies.setdefault("/".join(self._path[depth:])[:40], attributes["Ccy"][:3])

    def data(self, text: str) -> None:
        if len(self._text) < 64:
            self._text.append(text[:TEXT])

    def end(self, _tag: str) -> None:
        if self._places:
            depth, facts, currencies, remittance = self._places[-1]
            place = "/".join(self._path[self._base : depth])
            if depth == len(self._path):
                self._places.pop()
                self._finish(place, facts, currencies, remittance)
            else:
                self._keep("/".join(self._path[depth:]), place, facts, remittance)
        self._path.pop()
        self._text = []

    def close(self) -> None:
        """Nothing is left to do."""

    @property
    def message(self) -> bool:
        """Whether it was a bank-to-customer statement at all."""
        return self._base > 0

    def _keep(self, name: str, place: str, facts: Facts, remittance: list[str]) -> None:
        if name not in PLACES[place]:
            return
        text = "".join(self._text).strip()[:TEXT]
        if name == "RmtInf/Ustrd":
            if text and len(remittance) < 20:
                remittance.append(text)
        elif text:
            facts.setdefault(name, text)

    def _finish(self, place: str, facts: Facts, currencies: Facts, remittance: list[str]) -> None:
        if place == "Stmt/Bal":
            self._balances.append((facts, currencies))
        elif place == "Stmt/Ntry/NtryDtls/TxDtls":
            self._entry.details.append(_Detail(facts, remittance, currencies))
            self._counted()
        elif place == "Stmt/Ntry":
            self._entry.currency = currencies.get("Amt", "")
            self._lines.extend(_lines(self._entry, self._stated))
            self._entry = _Entry()
            self._counted()
        elif place == "Stmt":
            self.statements.append(_statement(facts, self._balances, self._lines, len(self.statements) + 1))

    def _counted(self) -> None:
        self._count += 1
        if self._count > 2 * MOST_LINES:
            raise HostileBankFile(what=f"> {MOST_LINES} lines")


def _amount(text: str | None, where: str) -> int:
    """Never negative: the sign is in ``CdtDbtInd``."""
    try:
        value = fen(text or "")
        if value < 0:
            raise ValueError(text)
    except ValueError as error:
        raise UnreadableBankFile(where=where, what=f"{(text or '')[:40]}?") from error
    return value


def _sign(facts: Facts, where: str) -> int:
    said = facts.get("CdtDbtInd", "")
    if said not in {"CRDT", "DBIT"}:
        raise UnreadableBankFile(where=where, what=f"CdtDbtInd {said[:20]}?")
    return 1 if said == "CRDT" else -1


def _day(facts: Facts, names: tuple[str, ...], where: str) -> tuple[date, datetime | None] | None:
    for name in names:
        if name in facts:
            try:
                return moment(facts[name])
            except ValueError as error:
                raise UnreadableBankFile(where=where, what=f"{facts[name][:40]}?") from error
    return None


def _said(text: str | None) -> str:
    return "" if text is None or text.upper() in NOTHING else text


def _lines(entry: _Entry, stated: Facts) -> Iterator[Line]:
    """The entry as lines: one for each transaction of a batch if they add up to it, else the entry itself."""
    facts = entry.facts
    where = f"Ntry {facts.get('NtryRef') or facts.get('AcctSvcrRef') or ''}".strip()[:60]
    if facts.get("Sts/Cd", facts.get("Sts", "BOOK")) != "BOOK":
        return  # pending and informative entries come again when they are booked
    amount = _amount(facts.get("Amt"), where)
    sign = _sign(facts, where)
    booked = _day(facts, ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm"), where)
    booked = booked or _day(stated, ("FrToDt/ToDtTm", "CreDtTm"), where)
    if booked is None:
        raise UnreadableBankFile(where=where, what="BookgDt?")
    parts = [_part(detail, entry, sign) for detail in entry.details]
    if len(parts) < 2 or None in parts or sum(part or 0 for part in parts) != sign * amount:
        # One transaction is the entry itself, whatever it says of fees or another currency; so is a batch whose parts
        # are not all there.
        merged = entry.details[0] if len(entry.details) == 1 else _Detail({}, _remittances(entry), {})
        pairs = [(merged, sign * amount)]
    else:
        pairs = [(detail, part or 0) for detail, part in zip(entry.details, parts, strict=True)]
    for detail, signed in pairs:
        if signed:  # nothing moved: it cannot differ
            yield _line(facts, detail, signed, entry.currency, booked)


def _part(detail: _Detail, entry: _Entry, sign: int) -> int | None:
    """The signed amount of one transaction of a batch in the account's currency; None if the bank does not say it."""
    for name in ("Amt", "AmtDtls/TxAmt/Amt"):
        if name in detail.facts and detail.currencies.get(name, entry.currency) == entry.currency:
            own = _sign(detail.facts, "TxDtls") if "CdtDbtInd" in detail.facts else sign
            return own * _amount(detail.facts[name], "TxDtls")
    return None


def _remittances(entry: _Entry) -> list[str]:
    """Of a batch that is kept whole: what its parts say, so that a person can find them."""
    return [text for detail in entry.details[:20] for text in (*detail.remittance, *_references(detail.facts))]


def _references(facts: Facts) -> list[str]:
    return [said[:64] for name in REFERENCES if (said := _said(facts.get(name)))]


def _line(facts: Facts, detail: _Detail, signed: int, currency: str, booked: tuple[date, datetime | None]) -> Line:
    direction: Direction = "in" if signed > 0 else "out"
    theirs = detail.facts
    name = account = ""
    for party in PARTIES[direction]:
        path = f"RltdPties/{party}"
        name = name or theirs.get(f"{path}/Nm") or theirs.get(f"{path}/Pty/Nm") or ""
        account = account or theirs.get(f"{path}Acct/Id/IBAN") or theirs.get(f"{path}Acct/Id/Othr/Id") or ""
    purpose = " ".join([*detail.remittance, theirs.get("AddtlTxInf", "") or facts.get("AddtlNtryInf", "")]).strip()
    reversal = facts.get("RvslInd", "").lower() in {"true", "1"}
    codes = [source[code] for code in CODES for source in (theirs, facts) if code in source]
    return Line(
        day=booked[0],
        at=booked[1],
        direction=direction,
        amount_fen=abs(signed),
        currency=currency,
        bank_ref=(_said(theirs.get("Refs/AcctSvcrRef")) or _said(facts.get("AcctSvcrRef")))[:64],
        references=tuple(dict.fromkeys([*_references(theirs), *filter(None, [_said(facts.get("NtryRef"))[:64]])])),
        kind="reversal" if reversal else kind_of(codes),
        purpose=purpose[:TEXT],
        counterparty_name=name[:200],
        counterparty_account=account[:64],
    )


def _statement(facts: Facts, balances: list[tuple[Facts, Facts]], lines: list[Line], nth: int) -> Statement:
    where = f"Stmt {facts.get('Id', nth)}"[:60]
    account = next((facts[name] for name in ("Acct/Id/IBAN", "Acct/Id/Othr/Id", "Acct/Id/BBAN") if name in facts), "")
    account = (account or facts.get("Acct/Id/PrtryAcct/Id", "")).replace(" ", "")
    if not account:
        raise UnreadableBankFile(where=where, what="Acct?")
    currency = facts.get("Acct/Ccy") or next((line.currency for line in lines), "")
    currency = currency or next((currencies["Amt"] for _facts, currencies in balances if "Amt" in currencies), "")
    opening, closing, days = _edges(balances, currency, where)
    made = _day(facts, ("CreDtTm",), where)
    first = _day(facts, ("FrToDt/FrDtTm",), where)
    last = _day(facts, ("FrToDt/ToDtTm",), where)
    days += [line.day for line in lines]
    if last and last[1] and last[1].timetz().isoformat().startswith("00:00:00") and first and last[0] > first[0]:
        last = (last[0] - timedelta(days=1), None)  # "until midnight" is the day before
    if not days and not last and not made:
        raise UnreadableBankFile(where=where, what="FrToDt?")
    to_day = last[0] if last else max(days) if days else made[0] if made else date.min
    from_day = first[0] if first else min([line.day for line in lines], default=to_day)
    return Statement(
        account=account[:64],
        currency=currency[:3],
        number=facts.get("Id", "")[:64],
        from_day=min(from_day, to_day),
        to_day=to_day,
        opening_fen=opening,
        closing_fen=closing,
        made_at=made[1] if made else None,
        lines=identified(lines, number=facts.get("Id", ""), opening_fen=opening, currency=currency),
    )


def _edges(balances: list[tuple[Facts, Facts]], currency: str, where: str) -> tuple[int | None, int | None, list[date]]:
    """Opening and closing booked balance, and the day that it closed, if they are named."""
    found: dict[str, list[tuple[int, date | None]]] = {}
    for facts, currencies in balances:
        if currencies.get("Amt", currency) != currency:
            continue
        code = facts.get("Tp/CdOrPrtry/Cd") or facts.get("Tp/CdOrPrtry/Prtry", "")
        day = _day(facts, ("Dt/Dt", "Dt/DtTm"), where)
        amount = _sign(facts, where) * _amount(facts.get("Amt"), where)
        found.setdefault(code, []).append((amount, day[0] if day else None))
    opening = next((found[code][0][0] for code in OPENING if code in found), None)
    closing, day_closed = next((found[code][-1] for code in CLOSING if code in found), (None, None))
    return opening, closing, [day_closed] if day_closed else []
