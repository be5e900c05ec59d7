"""What somebody sends as a photo or a document: known by its content alone, and a photo made anew from its pixels.

So neither the place and time in a photo's EXIF nor anything hidden beside the picture gets through. A PDF stays as it is: it is
only ever handed out to be saved, never shown inside a page. Nothing here looks for viruses.
"""

import hashlib
import io
import threading
from dataclasses import dataclass

from django.conf import settings
from PIL import Image, ImageOps

from complaints.evidence.errors import (
    FileDamaged,
    FileEmpty,
    FileKindRefused,
    FileTooLarge,
    HeicRefused,
    PicturesBusy,
    PictureTooLarge,
)
from complaints.evidence.states import FileKind

#: A picture with more is not opened: the largest that telephones take, which a JPEG is read smaller from; and a long screenshot.
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
#: With more it is made smaller: a page photographed, or a long screenshot, stays legible.
KEPT_PIXELS = 12_000_000
#: The longer side of a preview, and how well photos are kept.
PREVIEW_SIDE, QUALITY = 320, 85
#: Where a ZIP keeps the table by which it is opened: in the last bytes of the file.
ZIP_TAIL, ZIP_TABLE = 65_557, b"PK\x05\x06"
_HEIC = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
#: One picture at a time in a process: at most some 450 MB, however many are sent at once.
MOST_WAIT = (
    10.0  # seconds for one's turn; the page then asks to send it again, so that no flood of photos holds up the others
)
_ONE_PICTURE = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class CleanFile:
    """What is kept of a file. ``sha256`` is of the bytes that were sent; ``preview`` is a small JPEG, empty for a PDF."""

    kind: FileKind
    content: bytes
    preview: bytes
    sha256: str


def cleaned(raw: bytes) -> CleanFile:
    """Raises:
    FileEmpty, FileTooLarge, FileKindRefused, HeicRefused, FileDamaged, PictureTooLarge. PicturesBusy.
    """
    if not raw:
        raise FileEmpty()
    if len(raw) > settings.EVIDENCE_MAX_BYTES:
        raise FileTooLarge(megabytes=settings.EVIDENCE_MAX_BYTES >> 20)
    form = _form_of(raw)
    sha256 = hashlib.sha256(raw).hexdigest()
    if form == "PDF":
        _check_pdf(raw)
        return CleanFile(kind=FileKind.PDF, content=raw, preview=b"", sha256=sha256)
    if not _ONE_PICTURE.acquire(timeout=MOST_WAIT):
        raise PicturesBusy()
    try:
        content, preview = _made_anew(raw, form)
    finally:
        _ONE_PICTURE.release()
    return CleanFile(kind=FileKind.PHOTO, content=content, preview=preview, sha256=sha256)


def _form_of(raw: bytes) -> str:
    """JPEG, PNG, WEBP or PDF, by the first bytes. Raises ``HeicRefused``, ``FileKindRefused``."""
    if raw.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if raw.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if raw.startswith(b"RIFF") and raw[8:12] == b"WEBP":
        return "WEBP"
    if raw.startswith(b"%PDF-"):
        return "PDF"
    if raw[4:8] == b"ftyp" and raw[8:12] in _HEIC:
        raise HeicRefused()
    raise FileKindRefused()


def _check_pdf(raw: bytes) -> None:
    """It has its end, and is not a ZIP at the same time. Raises ``FileDamaged``, ``FileKindRefused``."""
    if b"%%EOF" not in raw[-1024:]:
        raise FileDamaged()
    if ZIP_TABLE in raw[-ZIP_TAIL:]:
        raise FileKindRefused()


def _made_anew(raw: bytes, form: str) -> tuple[bytes, bytes]:
    """The picture and its preview, from the pixels alone. Raises ``PictureTooLarge``, ``FileDamaged``."""
    try:
        with Image.open(io.BytesIO(raw), formats=[form]) as image:
            if image.width * image.height > MOST_PIXELS[form]:
                raise PictureTooLarge(megapixels=MOST_PIXELS[form] // 1_000_000)
            image.draft("RGB", _kept(image.size))  # a JPEG is read smaller at once; the others do not know how
            smaller = _shrunk(_of_eight_bits(image))
            smaller.getexif().update(image.getexif())
            plain = _opaque(ImageOps.exif_transpose(smaller))
        content = _as_jpeg(plain)
        plain.thumbnail((PREVIEW_SIDE, PREVIEW_SIDE))
        return content, _as_jpeg(plain)
    except Image.DecompressionBombError as error:
        raise PictureTooLarge(megapixels=MOST_PIXELS[form] // 1_000_000) from error
    except PictureTooLarge:
        raise
    except Exception as error:  # whatever a decoder stumbles over in a file that is not what it seems
        raise FileDamaged() from error


def _of_eight_bits(image: Image.Image) -> Image.Image:
    """In a mode that can be resized, and whose white is white: a grey of sixteen bits would be cut off."""
    if image.mode.startswith("I"):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in {"RGB", "RGBA", "L"}:
        image.load()
        return image
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    """With at most ``KEPT_PIXELS``; before anything else is done with it, so that few copies are large."""
    kept = _kept(image.size)
    return image if kept == image.size else image.resize(kept, Image.Resampling.LANCZOS)


def _kept(size: tuple[int, int]) -> tuple[int, int]:
    """At most ``KEPT_PIXELS``, in the same proportion."""
    width, height = size
    if width * height <= KEPT_PIXELS:
        return size
    scale = (KEPT_PIXELS / (width * height)) ** 0.5
    return max(1, int(width * scale)), max(1, int(height * scale))


def _opaque(image: Image.Image) -> Image.Image:
    """A new picture on white, with nothing of the old one but its pixels."""
    if image.has_transparency_data:
        image = image.convert("RGBA")
        plain = Image.new("RGB", image.size, "white")
        plain.paste(image, mask=image.getchannel("A"))
        return plain
    plain = Image.new("RGB", image.size)
    plain.paste(image.convert("RGB"))
    return plain


def _as_jpeg(image: Image.Image) -> bytes:
    written = io.BytesIO()
    image.save(written, "JPEG", quality=QUALITY)
    return written.getvalue()
