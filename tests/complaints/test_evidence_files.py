"""What a file is, by its content alone; and that of a photo only the picture is left."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from complaints.evidence import files
from complaints.evidence.errors import (
    FileDamaged,
    FileEmpty,
    FileKindRefused,
    FileTooLarge,
    HeicRefused,
    PicturesBusy,
    PictureTooLarge,
)
from complaints.evidence.files import cleaned
from complaints.evidence.states import FileKind
from escrow.errors import DomainError
from tests.complaints import pictures as make


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_photos_become_a_jpeg_and_a_preview(form):
    found = cleaned(make.picture(form, (1600, 900), "blue"))
    assert found.kind == FileKind.PHOTO
    assert (opened(found.content).format, opened(found.content).size) == ("JPEG", (1600, 900))
    assert max(opened(found.preview).size) == files.PREVIEW_SIDE
    red, _green, blue = opened(found.content).getpixel((5, 5))
    assert blue > 200 > 50 > red


def test_place_maker_and_comment_are_gone():
    sent = make.with_exif()
    assert make.MAKER in sent
    assert dict(Image.open(io.BytesIO(sent)).getexif().get_ifd(0x8825))
    for kept in (cleaned(sent).content, cleaned(sent).preview):
        image = opened(kept)
        assert dict(image.getexif()) == {}
        assert not {"exif", "comment", "xmp", "icc_profile"} & set(image.info)
        assert make.MAKER not in kept
        assert b"<script" not in kept


def test_a_photo_taken_upright_stays_upright():
    assert opened(cleaned(make.with_exif(orientation=6)).content).size == (40, 60)


def test_what_is_hidden_behind_the_picture_is_gone():
    found = cleaned(make.picture() + make.archive() + make.HTML)
    assert b"PK\x03\x04" not in found.content
    assert b"<!doctype" not in found.content


def test_a_transparent_screenshot_lies_on_white():
    written = io.BytesIO()
    Image.new("RGBA", (30, 30), (0, 0, 0, 0)).save(written, "PNG")
    assert min(opened(cleaned(written.getvalue()).content).getpixel((9, 9))) > 240


@pytest.mark.parametrize(
    ("mode", "form", "colour", "wanted"),
    [
        ("L", "JPEG", 99, 99),
        ("CMYK", "JPEG", 0, 255),
        ("RGB", "MPO", "white", 255),
        ("P", "PNG", 0, 0),
        ("1", "PNG", 1, 255),
        ("I;16", "PNG", 25_600, 100),
        ("LA", "PNG", (50, 255), 50),
    ],
)
def test_every_way_to_keep_pixels_shows_the_same_picture(mode, form, colour, wanted, monkeypatch):
    written = io.BytesIO()
    several = {"save_all": True, "append_images": [Image.new("RGB", (9, 9))]} if form == "MPO" else {}
    Image.new(mode, (60, 40), colour).save(written, form, **several)
    for most in (files.KEPT_PIXELS, 600):
        monkeypatch.setattr(files, "KEPT_PIXELS", most)
        found = opened(cleaned(written.getvalue()).content).getpixel((5, 5))
        assert all(abs(value - wanted) <= 3 for value in found)


def test_who_waits_too_long_for_their_turn_is_told_to_come_again(monkeypatch):
    monkeypatch.setattr(files, "MOST_WAIT", 0.01)
    with files._ONE_PICTURE, pytest.raises(PicturesBusy):
        cleaned(make.picture())
    cleaned(make.picture())


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_more_pixels_than_are_kept_become_fewer_in_the_same_proportion(form, monkeypatch):
    monkeypatch.setattr(files, "KEPT_PIXELS", 40_000)
    width, height = opened(cleaned(make.picture(form, (200, 1800))).content).size
    assert width * height <= 40_000
    assert height / width == pytest.approx(9, rel=0.05)


def test_a_pdf_stays_as_it_is():
    found = cleaned(make.pdf())
    assert (found.kind, found.content, found.preview) == (FileKind.PDF, make.pdf(), b"")


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (b"", FileEmpty),
        (make.HTML, FileKindRefused),
        (make.SVG, FileKindRefused),
        (make.archive(), FileKindRefused),
        (b"GIF89a" + bytes(40), FileKindRefused),
        (b"MZ" + bytes(400), FileKindRefused),
        (make.HEIC, HeicRefused),
        (make.picture()[:-300], FileDamaged),
        (make.picture()[:200], FileDamaged),
        (b"\xff\xd8\xff" + make.HTML, FileDamaged),
        (b"\x89PNG\r\n\x1a\n" + make.archive(), FileDamaged),
        (make.pdf()[:-8], FileDamaged),
        (make.pdf() + make.archive(), FileKindRefused),
        (make.pdf() + bytes(2000), FileDamaged),
        (make.pdf(b"%" + make.archive()), FileKindRefused),
        (make.bomb(), PictureTooLarge),
        (make.bomb(5_001), PictureTooLarge),
    ],
    ids=[
        "empty", "html", "svg", "zip", "gif", "exe", "heic", "cut jpeg", "cut head", "html behind jpeg", "zip behind png", "cut pdf",
        "zip behind pdf", "much behind pdf", "zip in pdf", "bomb", "smaller bomb",
    ],
)  # fmt: skip
def test_everything_else_is_refused(raw, refusal):
    with pytest.raises(refusal):
        cleaned(raw)


def test_one_byte_more_than_may_be_is_refused(settings):
    settings.EVIDENCE_MAX_BYTES = len(make.picture())
    cleaned(make.picture())
    with pytest.raises(FileTooLarge):
        cleaned(make.picture() + b"\0")


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\0\0\0\0WEBP", b"%PDF-", make.picture()]),
    st.binary(max_size=400),
)
def test_no_bytes_do_anything_else_than_be_taken_or_refused(head, tail):
    try:
        found = cleaned(head + tail)
    except DomainError:
        return
    assert found.kind == FileKind.PDF or opened(found.content).format == "JPEG"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_photo_with_a_changed_byte_is_taken_or_refused(data):
    raw = bytearray(make.with_exif())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        kept = cleaned(bytes(raw)).content
    except DomainError:
        return
    assert make.MAKER not in kept
