"""Files that people send: good ones, and what pretends to be one."""

import io
import zipfile
import zlib

from PIL import Image

#: Where the photo was taken, as a telephone writes it.
MAKER, GPS = b"SpyPhone 9000", {1: "N", 2: (39.0, 54.0, 27.0), 3: "E", 4: (116.0, 23.0, 50.0)}


def picture(form: str = "JPEG", size: tuple[int, int] = (60, 40), colour: object = "red", **saved: object) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, form, **saved)
    return written.getvalue()


def with_exif(orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = MAKER.decode(), orientation
    exif.get_ifd(0x8825).update(GPS)
    return picture(exif=exif.tobytes(), comment=b"<script>alert(1)</script>")


def pdf(body: bytes = b"1 0 obj\n<<>>\nendobj\n") -> bytes:
    return b"%PDF-1.7\n" + body + b"trailer\n<<>>\nstartxref\n0\n%%EOF\n"


def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as made:
        made.writestr(zipfile.ZipInfo("a.exe"), b"MZ" * 50)  # of a fixed day: it stands in the names of tests
    return written.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


def bomb(side: int = 30_000) -> bytes:
    """A PNG of a few kilobytes that opens to ``side`` squared pixels, as its header says."""
    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    lines = zlib.compress(bytes(side + 1) * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", lines) + _chunk(b"IEND", b"")


HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
