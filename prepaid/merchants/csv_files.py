"""Text as spreadsheets save it."""


class NotText(ValueError):
    """Neither of the encodings that files come in."""


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, with or without its mark, or in GB 18030. Raises ``NotText``."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotText()
