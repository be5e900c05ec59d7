#!/usr/bin/env python3
"""Checks what the platform publishes about the money it holds. One file, Python's standard library, nothing else.

    python verifier.py PROOF.json [ROOTS.txt]     one agreement's money is in a day's published total
    python verifier.py BLOCKS.jsonl [PROOF.json]  sealed blocks are whole, chained, and the chain the proof names
    python verifier.py ROOTS.txt                  the published totals are chained to each other

Exit 0: it holds; 1: it does not; 2: the file cannot be read. ``--lang zh`` or ``en``, else the terminal's language.
The platform computes its own trees with the functions below. docs/proof.md has the format and the reasons; hashing is
SHA-256 with a first byte that says what is hashed, trees have the shape of RFC 6962 (section 2.1).
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, NoReturn, Protocol

LEAF, NODE, BENEFICIARY, BLOCK, DAY = (bytes([tag]) for tag in range(5))
EMPTY = sha256(b"").digest()
NOTHING = EMPTY + bytes(8)  # the node of a tree without leaves
GENESIS = "00" * 32  # what the first of a chain names as the one before it
LIMIT = 1 << 63
PROOF_FORMAT, BLOCK_FORMAT = "escrow-proof-1", "escrow-block-1"
LARGEST_PROOF, LONGEST_LINE = 1 << 20, 1 << 16

BENEFICIARY_FACTS = (
    "agreements",
    "beneficiary_id",
    "block_hash",
    "block_number",
    "confirmed_fen",
    "held_fen",
    "in_transit_fen",
    "tree_root",
)
BLOCK_FACTS = (
    "beneficiary_id",
    "count",
    "first_id",
    "last_id",
    "merkle_root",
    "number",
    "previous_hash",
    "sealed_at",
)
DAY_FACTS = (
    "day",
    "held_fen",
    "confirmed_fen",
    "in_transit_fen",
    "agreements",
    "beneficiaries",
    "tree_root",
    "previous_hash",
)
ROOT_COLUMNS = (*DAY_FACTS, "hash")
Published = Callable[[str], str | None]


class SupportsWrite(Protocol):
    """Where sentences go."""

    def write(self, text: str, /) -> object: ...


class Broken(Exception):
    """What was published does not hold. ``args``: a key of ``TEXTS`` and its figures."""


class Unreadable(Exception):
    """The file is none of the three that this program knows. ``args`` as of ``Broken``."""


# ---- hashing -------------------------------------------------------------------------------------------------------


def canonical(facts: dict[str, Any]) -> bytes:
    """JSON with sorted keys and no spaces (RFC 8785 for integers, strings and null): one object, one spelling."""
    return json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(tag: bytes, facts: dict[str, Any]) -> str:
    """The hash of a block's, a beneficiary's or a day's facts, in hex."""
    return sha256(tag + canonical(facts)).hexdigest()


def above(below: list[bytes], join: Callable[[bytes, bytes], bytes]) -> list[bytes]:
    """The next level of a tree; a node without a neighbour rises unchanged (the shape of RFC 6962)."""
    joined = [join(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)]
    return joined + below[-1:] if len(below) % 2 else joined


def levels(leaves: list[bytes], join: Callable[[bytes, bytes], bytes]) -> list[list[bytes]]:
    """The tree from its leaves up to its root."""
    tree = [leaves]
    while len(tree[-1]) > 1:
        tree.append(above(tree[-1], join))
    return tree


def merkle_leaf(line: bytes) -> bytes:
    """A transfer's leaf in its block: ``line`` is its canonical JSON."""
    return sha256(LEAF + line).digest()


def merkle_join(left: bytes, right: bytes) -> bytes:
    """Two nodes of a block's tree."""
    return sha256(NODE + left + right).digest()


def merkle_root(leaves: list[bytes]) -> bytes:
    """The root of a block's tree (32 bytes)."""
    return levels(leaves, merkle_join)[-1][0] if leaves else EMPTY


def sum_leaf(*, salt: bytes, proof_id: bytes, part: int, amount_fen: int) -> bytes:
    """A node of 40 bytes, hash and sum: one of the two parts of what an agreement holds."""
    amount = amount_fen.to_bytes(8, "big")
    return sha256(LEAF + salt + proof_id + bytes([part]) + amount).digest() + amount


def sum_join(left: bytes, right: bytes) -> bytes:
    """Two nodes of a sum tree. Both sums are inside the hash, so neither can be shifted to the other side.

    Raises:
        OverflowError: more than 2**63 fen.
    """
    total = int.from_bytes(left[32:], "big") + int.from_bytes(right[32:], "big")
    if total >= LIMIT:
        raise OverflowError("a sum of 2**63 fen or more")
    return sha256(NODE + left + right).digest() + total.to_bytes(8, "big")


def climb(node: bytes, *, index: int, count: int, path: list[bytes]) -> bytes:
    """From a leaf at ``index`` of ``count`` to the root, past the neighbours in ``path``."""
    if not 0 <= index < count:
        raise Broken("shape")
    neighbours = iter(path)
    while count > 1:
        if index ^ 1 < count:
            neighbour = next(neighbours, None)
            if neighbour is None:
                raise Broken("shape")
            node = sum_join(neighbour, node) if index % 2 else sum_join(node, neighbour)
        index, count = index // 2, (count + 1) // 2
    if next(neighbours, None) is not None:
        raise Broken("shape")
    return node


# ---- reading -------------------------------------------------------------------------------------------------------


def parsed(text: bytes) -> Any:
    """JSON without repeated names, fractions or anything else that two readers could read differently."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _value in pairs}) != len(pairs):
            raise ValueError("a name twice")
        return dict(pairs)

    def never(_text: str) -> NoReturn:
        raise ValueError("not an integer")

    try:
        return json.loads(text.decode(), object_pairs_hook=once, parse_float=never, parse_constant=never)
    except (ValueError, RecursionError) as error:
        raise Unreadable("unreadable") from error


def part_of(facts: Any, name: str) -> Any:
    """A member of an object; ``Unreadable`` where there is none."""
    if not isinstance(facts, dict) or name not in facts:
        raise Unreadable("missing", name)
    return facts[name]


def number(facts: Any, name: str) -> int:
    """An integer from 0 to 2**63-1."""
    value = part_of(facts, name)
    if type(value) is not int or not 0 <= value < LIMIT:
        raise Unreadable("missing", name)
    return value


def hexed(facts: Any, name: str, size: int) -> bytes:
    """``size`` bytes written in lower-case hex."""
    value = part_of(facts, name)
    try:
        found = bytes.fromhex(value)
    except (TypeError, ValueError) as error:
        raise Unreadable("missing", name) from error
    if len(found) != size or found.hex() != value:
        raise Unreadable("missing", name)
    return found


def chosen(facts: Any, names: Iterable[str]) -> dict[str, Any]:
    """Exactly these members, each an integer, a hash, a day or a moment as its name says."""
    for name in names:
        if name.endswith(("_root", "_hash")):
            hexed(facts, name, 32)
        elif name in ("day", "sealed_at"):
            try:
                datetime.fromisoformat(part_of(facts, name))
            except (TypeError, ValueError) as error:
                raise Unreadable("missing", name) from error
        else:
            number(facts, name)
    return {name: facts[name] for name in names}


def path_of(facts: Any) -> list[bytes]:
    """The neighbours on the way up, 40 bytes each."""
    path = part_of(facts, "path")
    if not isinstance(path, list) or len(path) > 64:
        raise Unreadable("missing", "path")
    return [hexed(step, "hash", 32) + number(step, "sum_fen").to_bytes(8, "big") for step in path]


# ---- checking ------------------------------------------------------------------------------------------------------


def check_proof(proof: Any) -> dict[str, Any]:
    """The day's facts and ``hash`` that the proof leads to; compare the hash with the published one.

    Raises:
        Broken: a step of it does not hold.
        Unreadable: it is not a proof.
    """
    agreement, beneficiary, day = (part_of(proof, name) for name in ("agreement", "beneficiary", "day"))
    salt, proof_id = hexed(agreement, "salt", 32), hexed(agreement, "proof_id", 16)
    facts, published = chosen(beneficiary, BENEFICIARY_FACTS), chosen(day, DAY_FACTS)
    parts = part_of(agreement, "parts")
    if not isinstance(parts, list) or len(parts) != 2:
        raise Unreadable("missing", "parts")
    if sum(number(part, "amount_fen") for part in parts) != number(agreement, "amount_fen"):
        raise Broken("parts")
    try:
        for which, part in enumerate(parts):
            leaf = sum_leaf(salt=salt, proof_id=proof_id, part=which, amount_fen=number(part, "amount_fen"))
            top = climb(leaf, index=number(part, "index"), count=2 * facts["agreements"], path=path_of(part))
            if (top[:32].hex(), int.from_bytes(top[32:], "big")) != (facts["tree_root"], facts["held_fen"]):
                raise Broken("not_in_beneficiary")
        leaf = bytes.fromhex(digest(BENEFICIARY, facts)) + facts["held_fen"].to_bytes(8, "big")
        top = climb(
            leaf, index=number(beneficiary, "index"), count=published["beneficiaries"], path=path_of(beneficiary)
        )
    except OverflowError as error:
        raise Broken("overflow") from error
    if (top[:32].hex(), int.from_bytes(top[32:], "big")) != (published["tree_root"], published["held_fen"]):
        raise Broken("not_in_city")
    if digest(DAY, published) != hexed(day, "hash", 32).hex():
        raise Broken("day_hash")
    return {**published, "hash": day["hash"]}


def check_roots(lines: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The published days by date, each hashed and chained to the one before it. ``Broken`` or ``Unreadable``."""
    days: dict[str, dict[str, Any]] = {}
    previous: dict[str, Any] | None = None
    for line in lines:
        values = line.rstrip("\r\n").split("\t")
        if line.startswith("#") or values == [""]:
            continue
        if len(values) != len(ROOT_COLUMNS):
            raise Unreadable("unreadable")
        row = {name: _of_text(name, value) for name, value in zip(ROOT_COLUMNS, values, strict=True)}
        facts = chosen(row, DAY_FACTS)
        if digest(DAY, facts) != row["hash"]:
            raise Broken("root_hash", row["day"])
        if previous and (previous["hash"] != row["previous_hash"] or previous["day"] >= row["day"]):
            raise Broken("root_chain", row["day"])
        days[row["day"]] = previous = row
    if not days:
        raise Unreadable("unreadable")
    return days


def _of_text(name: str, value: str) -> Any:
    if name == "day" or name.endswith(("_root", "hash")):
        return value
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise Unreadable("missing", name)
    return int(value)


def check_blocks(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """Each block's facts and ``hash``, in order; a file holds the blocks of one chain. ``Broken`` or ``Unreadable``."""
    previous: dict[str, Any] | None = None
    for line in lines:
        header = parsed(line)
        if part_of(header, "format") != BLOCK_FORMAT:
            raise Unreadable("unreadable")
        facts = chosen(header, BLOCK_FACTS)
        which = facts["number"]
        if digest(BLOCK, facts) != hexed(header, "hash", 32).hex():
            raise Broken("block_hash", which)
        if previous is None:
            if which == 1 and facts["previous_hash"] != GENESIS:
                raise Broken("block_chain", which)
        elif (facts["beneficiary_id"], which, facts["previous_hash"]) != (
            previous["beneficiary_id"],
            previous["number"] + 1,
            previous["hash"],
        ):
            raise Broken("block_chain", which)
        leaves: list[bytes] = []
        last = previous["last_id"] if previous else 0
        for transfer in islice(lines, facts["count"]):
            text = transfer.rstrip(b"\n")
            told = parsed(text)
            if (
                not isinstance(told, dict)
                or canonical(told) != text
                or type(told.get("id")) is not int
                or told["id"] <= last
                or told.get("beneficiary_id") != facts["beneficiary_id"]
            ):
                raise Broken("line", which, len(leaves) + 1)
            last = told["id"]
            if not leaves and last != facts["first_id"]:
                raise Broken("line", which, 1)
            leaves.append(merkle_leaf(text))
        if len(leaves) != facts["count"] or last != facts["last_id"]:
            raise Broken("block_count", which, facts["count"], len(leaves))
        if merkle_root(leaves).hex() != facts["merkle_root"]:
            raise Broken("block_root", which)
        previous = {**facts, "hash": header["hash"]}
        yield previous


# ---- the program ---------------------------------------------------------------------------------------------------

TEXTS = {
    "en": {
        "unreadable": "This file is not a proof, a block export or a list of published totals.",
        "missing": "This file is damaged: “{}” is missing or has an impossible value.",
        "no_file": "The file cannot be read: {}",
        "shape": "FALSE: the path does not fit the size of the tree.",
        "parts": "FALSE: the two parts do not add up to the amount.",
        "overflow": "FALSE: the sums on the path are impossibly large.",
        "not_in_beneficiary": "FALSE: the amount is not in the merchant's total.",
        "not_in_city": "FALSE: the merchant's total is not in the day's total.",
        "day_hash": "FALSE: the day's figures do not give the day's hash.",
        "root_hash": "FALSE: the figures of {} do not give that day's hash.",
        "root_chain": "FALSE: {} is not chained to the day before it.",
        "other_root": "FALSE: another hash is published for {}.",
        "no_root": "FALSE: nothing is published for {}.",
        "line": "FALSE: block {}, line {}: not a transfer of this block, or changed, or out of order.",
        "block_hash": "FALSE: block {}: the header does not give its hash.",
        "block_chain": "FALSE: block {} is not chained to the block before it.",
        "block_count": "FALSE: block {}: {} transfers were sealed, {} are here.",
        "block_root": "FALSE: block {}: the transfers are not those that were sealed.",
        "other_chain": "FALSE: the proof names another block {}: this is not the same chain.",
        "proof": "TRUE: ¥{} is in the total of ¥{} held on {}.",
        "bank": "On that day the bank confirmed ¥{}, and ¥{} was on its way to the bank.",
        "compare": "Compare this hash with the published one: {}",
        "published": "The hash is the published one: {}",
        "roots": "TRUE: {} published totals, {} to {}, all chained.",
        "blocks": "TRUE: blocks {} to {} are whole and chained: {} transfers.",
        "head": "Hash of the last block: {}",
        "named": "The proof names block {} of this chain.",
        "not_named": "The block that the proof names is not in this file.",
    },
    "zh": {
        "unreadable": "无法识别：文件既不是余额证明、区块导出文件，也不是公布的每日总额。",
        "missing": "文件已损坏：缺少“{}”，或其值不可能存在。",
        "no_file": "无法读取文件：{}",
        "shape": "不成立：路径与树的大小不符。",
        "parts": "不成立：两部分之和不等于金额。",
        "overflow": "不成立：路径上的金额大得不可能。",
        "not_in_beneficiary": "不成立：该金额不在商户总额之内。",
        "not_in_city": "不成立：商户总额不在当日总额之内。",
        "day_hash": "不成立：当日数字与当日哈希值不符。",
        "root_hash": "不成立：{} 的数字与当日哈希值不符。",
        "root_chain": "不成立：{} 未与前一日相连。",
        "other_root": "不成立：{} 公布的是另一个哈希值。",
        "no_root": "不成立：{} 没有公布总额。",
        "line": "不成立：第 {} 块第 {} 行不是该块的流水，或被改动，或次序有误。",
        "block_hash": "不成立：第 {} 块的块头与其哈希值不符。",
        "block_chain": "不成立：第 {} 块未与前一块相连。",
        "block_count": "不成立：第 {} 块封存了 {} 笔，文件中有 {} 笔。",
        "block_root": "不成立：第 {} 块的流水与封存时不同。",
        "other_chain": "不成立：证明所指的第 {} 块与此不同，不是同一条链。",
        "proof": "成立：¥{0} 在 {2} 的托管总额 ¥{1} 之内。",
        "bank": "当日银行确认 ¥{}，另有 ¥{} 正在存入银行途中。",
        "compare": "请与公布的哈希值核对：{}",
        "published": "与公布的哈希值一致：{}",
        "roots": "成立：{1} 至 {2} 公布的 {0} 个总额全部相连。",
        "blocks": "成立：第 {} 至 {} 块完整且相连，共 {} 笔流水。",
        "head": "最后一块的哈希值：{}",
        "named": "证明所指的第 {} 块就在这条链上。",
        "not_named": "证明所指的区块不在此文件中。",
    },
}


def yuan(fen: int) -> str:
    """Fen as yuan with two decimals."""
    return f"{fen // 100:,}.{fen % 100:02d}"


def _lines(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while line := file.readline(LONGEST_LINE):
            yield line


def _proof(path: str) -> Any:
    with open(path, "rb") as file:
        text = file.read(LARGEST_PROOF + 1)
    if len(text) > LARGEST_PROOF:
        raise Unreadable("unreadable")
    proof = parsed(text)
    if part_of(proof, "format") != PROOF_FORMAT:
        raise Unreadable("unreadable")
    return proof


def _roots(path: str) -> dict[str, dict[str, Any]]:
    try:
        return check_roots(line.decode() for line in _lines(path))
    except UnicodeDecodeError as error:
        raise Unreadable("unreadable") from error


def _told_of_proof(path: str, published: Published | None) -> Iterator[tuple[Any, ...]]:
    proof = _proof(path)
    day = check_proof(proof)
    if published is not None and (known := published(day["day"])) != day["hash"]:
        raise Broken("other_root" if known else "no_root", day["day"])
    yield "proof", yuan(proof["agreement"]["amount_fen"]), yuan(day["held_fen"]), day["day"]
    yield "bank", yuan(day["confirmed_fen"]), yuan(day["in_transit_fen"])
    yield "compare" if published is None else "published", day["hash"]


def _told_of_blocks(path: str, proof_path: str | None) -> Iterator[tuple[Any, ...]]:
    named = None
    if proof_path is not None:
        proof = _proof(proof_path)
        check_proof(proof)
        named = proof["beneficiary"]
    first = last = None
    transfers, seen = 0, False
    for block in check_blocks(_lines(path)):
        first, last = first or block, block
        transfers += block["count"]
        if named and (block["beneficiary_id"], block["number"]) == (named["beneficiary_id"], named["block_number"]):
            seen = True
            if block["hash"] != named["block_hash"]:
                raise Broken("other_chain", block["number"])
    if first is None or last is None:
        raise Unreadable("unreadable")
    if named and not seen:
        raise Unreadable("not_named")
    yield "blocks", first["number"], last["number"], transfers
    if named:
        yield "named", named["block_number"]
    yield "head", last["hash"]


def told(path: str, reference: str | None, published: Published | None) -> Iterator[tuple[Any, ...]]:
    """What the file proves, as keys of ``TEXTS`` with their figures.

    Raises:
        Broken, Unreadable, OSError.
    """
    first = next(_lines(path), b"").lstrip(b"\xef\xbb\xbf")
    if first.startswith(b'{"') and b'"format":"' + BLOCK_FORMAT.encode() in first:
        yield from _told_of_blocks(path, reference)
    elif first.lstrip().startswith(b"{"):
        if reference is not None:
            published = {day: row["hash"] for day, row in _roots(reference).items()}.get
        yield from _told_of_proof(path, published)
    else:
        days = _roots(path)
        yield "roots", len(days), min(days), max(days)


def run(
    path: str,
    reference: str | None,
    language: str,
    published: Published | None = None,
    out: SupportsWrite | None = None,
) -> int:
    """Say in ``language`` (``zh`` or ``en``) what the file proves and return the exit code.

    ``reference``: the second file of the usage above. ``published``: instead of a list of roots, from date to hash.
    """
    say = TEXTS[language]
    try:
        lines = [say[key].format(*figures) for key, *figures in told(path, reference, published)]
        code = 0
    except Broken as error:
        lines, code = [say[error.args[0]].format(*error.args[1:])], 1
    except Unreadable as error:
        lines, code = [say[error.args[0]].format(*error.args[1:])], 2
    except OSError as error:
        lines, code = [say["no_file"].format(error)], 2
    (out or sys.stdout).write("\n".join(lines) + "\n")
    return code


def spoken_here() -> str:
    """The terminal's language: ``zh`` or ``en``."""
    spoken = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if spoken.startswith("zh") else "en"


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("reference", nargs="?")
    parser.add_argument("--lang", choices=sorted(TEXTS), default=spoken_here())
    arguments = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal without ¥ or 中文 still reads the rest
    return run(arguments.file, arguments.reference, arguments.lang)


if __name__ == "__main__":
    sys.exit(main())
