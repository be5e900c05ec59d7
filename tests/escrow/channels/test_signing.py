"""Who signed what, when, and as an answer to which question. Both sides' copies must agree and neither be fooled."""

import base64
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escrow.channels import InvalidSignature
from escrow.channels import signing as ours
from sandbox_bank import signing as theirs
from tests.sandbox_bank.bank import pair

PRIVATE, PUBLIC = pair()
RAW_PRIVATE, RAW_PUBLIC = base64.b64decode(PRIVATE), base64.b64decode(PUBLIC)
paths = st.from_regex(r"/[a-z0-9/._-]{0,30}(\?[a-z0-9=&]{0,20})?", fullmatch=True)
methods = st.sampled_from(["GET", "POST", "200", "422"])


@given(method=methods, path=paths, body=st.binary(max_size=200))
def test_each_side_reads_what_the_other_signs(method: str, path: str, body: bytes) -> None:
    said: dict[str, Any] = {"method": method, "path": path, "body": body}
    ours.verify(PUBLIC, headers=theirs.sign(RAW_PRIVATE, **said), **said)
    theirs.verify(RAW_PUBLIC, headers=ours.sign(PRIVATE, **said), **said)


@given(
    method=methods,
    path=paths,
    body=st.binary(max_size=50),
    what=st.sampled_from(["method", "path", "body", "X-Timestamp", "X-Nonce", "X-Signature"]),
    data=st.data(),
)
def test_any_change_breaks_the_signature(method: str, path: str, body: bytes, what: str, data: st.DataObject) -> None:
    said: dict[str, Any] = {"method": method, "path": path, "body": body}
    headers = ours.sign(PRIVATE, **said)
    if what == "body":
        said["body"] = data.draw(st.binary(max_size=50).filter(lambda other: other != body))
    elif what == "method":
        said["method"] = data.draw(methods.filter(lambda other: other != method))
    elif what == "path":
        said["path"] = data.draw(paths.filter(lambda other: other != path))
    elif what == "X-Timestamp":
        headers[what] = str(int(headers[what]) + data.draw(st.sampled_from([-299, -1, 1, 299])))
    elif what == "X-Nonce":
        headers[what] = data.draw(st.text("0123456789abcdef", min_size=1).filter(lambda other: other != headers[what]))
    else:
        forged = bytearray(base64.b64decode(headers[what]))
        forged[data.draw(st.integers(0, 63))] ^= data.draw(st.integers(1, 255))
        headers[what] = base64.b64encode(forged).decode()
    with pytest.raises(InvalidSignature):
        ours.verify(PUBLIC, headers=headers, **said)
    with pytest.raises(theirs.Unsigned):
        theirs.verify(RAW_PUBLIC, headers=headers, **said)


@given(
    headers=st.fixed_dictionaries(
        {},
        optional={
            name: st.text(max_size=40) | st.sampled_from(["0", "9" * 400, "-1", "1e9", "٣", str(int(time.time()))])
            for name in ("X-Timestamp", "X-Nonce", "X-Signature")
        },
    )
)
def test_rubbish_is_refused_and_breaks_nothing(headers: dict[str, str]) -> None:
    with pytest.raises(InvalidSignature):
        ours.verify(PUBLIC, method="POST", path="/", headers=headers, body=b"")
    with pytest.raises(theirs.Unsigned):
        theirs.verify(RAW_PUBLIC, method="POST", path="/", headers=headers, body=b"")


@pytest.mark.parametrize("seconds", [-302, 302])
def test_five_minutes_and_no_more(monkeypatch: pytest.MonkeyPatch, seconds: int) -> None:
    said: dict[str, Any] = {"method": "POST", "path": "/", "body": b"{}"}
    now = time.time()
    headers = ours.sign(PRIVATE, **said)
    monkeypatch.setattr(time, "time", lambda: now + seconds)
    with pytest.raises(InvalidSignature):
        ours.verify(PUBLIC, headers=headers, **said)
    with pytest.raises(theirs.Unsigned):
        theirs.verify(RAW_PUBLIC, headers=headers, **said)


def test_another_key_is_nobody() -> None:
    said: dict[str, Any] = {"method": "POST", "path": "/", "body": b"{}"}
    headers = ours.sign(pair()[0], **said)
    with pytest.raises(InvalidSignature):
        ours.verify(PUBLIC, headers=headers, **said)


def test_headers_are_found_in_any_case() -> None:
    said: dict[str, Any] = {"method": "POST", "path": "/", "body": b"{}"}
    headers = {name.upper(): value for name, value in ours.sign(PRIVATE, **said).items()}
    ours.verify(PUBLIC, headers=headers, **said)


def test_an_answer_belongs_to_its_question() -> None:
    said: dict[str, Any] = {"method": "200", "path": "/v1/payments/1", "body": b"{}"}
    headers = theirs.sign(RAW_PRIVATE, nonce="mine", **said)
    ours.verify(PUBLIC, headers=headers, nonce="mine", **said)
    with pytest.raises(InvalidSignature):
        ours.verify(PUBLIC, headers=headers, nonce="another", **said)
