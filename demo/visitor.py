"""A person at the platform's pages, over HTTP: follows links, fills forms, reads what is said. No browser needed."""

import re
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

#: What the page of a number says that asked for too many codes.
TOO_OFTEN = re.compile("Too many attempts|尝试次数过多")


class PageError(Exception):
    """The page is not what a person would have expected; says which and what it said instead. ``status``: HTTP's."""

    def __init__(self, text: str, *, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass
class Form:
    """One form as a person sees it: where it goes, its fields with what stands in them, its buttons."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    """Collects the forms, the links and the visible text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._select = ""
        self._area = ""
        self._area_text: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        a = {name: value or "" for name, value in attrs}
        if tag in ("script", "style", "template"):
            self._hidden += 1
        elif tag == "a" and a.get("href"):
            self.links.append(a["href"])
        elif tag == "form":
            self._form = Form(action=a.get("action", ""), method=a.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in a:
            self._field(self._form, tag, a)

    def _field(self, form: Form, tag: str, a: dict[str, str]) -> None:
        name = a.get("name", "")
        if tag == "input" and a.get("type") in ("submit", "image", "button"):
            form.buttons.append((name, a.get("value", "")))
        elif tag == "input" and name:
            form.names.add(name)
            if a.get("type") not in ("checkbox", "radio") or "checked" in a:
                form.fields.setdefault(name, []).append(a.get("value", "on" if "checked" in a else ""))
        elif tag == "button" and a.get("type", "submit") == "submit":
            form.buttons.append((name, a.get("value", "")))
        elif tag == "textarea" and name:
            form.names.add(name)
            self._area = name
            self._area_text = []
        elif tag == "select" and name:
            form.names.add(name)
            self._select = name
        elif tag == "option" and self._select and "selected" in a:
            form.fields.setdefault(self._select, []).append(a.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("script", "style", "template"):
            self._hidden -= 1
        elif tag == "form":
            self._form = None
        elif tag == "select":
            self._select = ""
        elif tag == "textarea" and self._form is not None and self._area:
            self._form.fields[self._area] = ["".join(self._area_text).removeprefix("\n")]
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._area_text.append(data)
        elif not self._hidden and data.strip():
            self.text.append(data.strip())


class Visitor:
    """One person with a cookie jar. ``at`` is the last page's address, ``text`` what it says."""

    def __init__(self, base_url: str, *, language: str = "zh-hans") -> None:
        self.base_url = base_url
        self.at = base_url
        self.status = 0
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.text = ""
        self._http = httpx.Client(
            follow_redirects=True,
            timeout=20,
            # A process may be restarting: a refused connection is tried again. What was sent is never sent twice.
            transport=httpx.HTTPTransport(retries=8),
            headers={"Accept-Language": language, "User-Agent": "story"},
            cookies={"django_language": language},
        )

    def close(self) -> None:
        """Leave."""
        self._http.close()

    def get(self, path: str) -> "Visitor":
        """Open a page. Raises ``PageError`` when it is not there."""
        return self._take(self._http.get(urljoin(self.base_url, path)))

    def submit(self, *, having: str = "", to: str = "", button: str = "", **values: str | list[str]) -> "Visitor":
        """Fill in and send a form of the page: the one that has the field ``having`` (default: every given one) and whose
        address contains ``to``. ``button`` is the name=value of the button pressed.

        Raises:
            PageError: no such form, no such field, or the platform answered with an error.
        """
        wanted = {having} if having else set(values)
        for form in self.forms:
            if to in urljoin(self.at, form.action) and wanted <= form.names:
                break
        else:
            raise PageError(f"{self.at}: no form to {to!r} with {sorted(wanted)}; it says: {self.text[:400]}")
        data: dict[str, list[str]] = dict(form.fields)
        for name, value in values.items():
            data[name] = value if isinstance(value, list) else [value]
        if button:
            name, _, chosen = button.partition("=")
            data[name] = [chosen]
        elif form.buttons and form.buttons[0][0]:
            data[form.buttons[0][0]] = [form.buttons[0][1]]
        address = urljoin(self.at, form.action)
        headers = {"Referer": self.at, "Origin": str(httpx.URL(self.at).join("/")).rstrip("/")}
        if form.method == "get":
            return self._take(self._http.get(address, params=data))
        return self._take(self._http.post(address, data=data, headers=headers))

    def follow(self, pattern: str) -> "Visitor":
        """Open the page's first link that matches the regular expression. Raises ``PageError``."""
        return self.get(self.link(pattern))

    def link(self, pattern: str) -> str:
        """The first link that matches. Raises ``PageError``."""
        for link in self.links:
            if re.search(pattern, link):
                return urljoin(self.at, link)
        raise PageError(f"{self.at}: no link like {pattern!r}; it says: {self.text[:400]}")

    def sign_in(self, phone: str) -> "Visitor":
        """By phone and the code in the demo inbox; goes on where an interrupted registration waits for its code."""
        if "/second-factor/" in self.get("/accounts/login/").at:
            return self.enter_app_code(phone)
        if not any("code" in form.names for form in self.forms):
            self._ask_for_code(phone)
        self.enter_code(phone)
        return self.enter_app_code(phone) if "/second-factor/" in self.at else self

    def _ask_for_code(self, phone: str) -> None:
        """Whose number has asked too often waits a minute, as the page says."""
        try:
            self.submit(having="login", login=phone)
        except PageError as error:
            if not TOO_OFTEN.search(str(error)):
                raise
            time.sleep(61)
            self.get("/accounts/login/")
            self.submit(having="login", login=phone)

    def enter_app_code(self, phone: str) -> "Visitor":
        """The code of the phone's authenticator app, from the demo inbox; waits for one that was not used yet."""
        for _second in range(40):
            inbox = httpx.get(urljoin(self.base_url, "/notices/inbox/"), params={"phone": phone[-4:]}, timeout=20).text
            if code := re.search(r'data-code="(\d{6})"', inbox):
                return self.submit(having="code", code=code[1])
            time.sleep(1)
        raise PageError(f"no code of an authenticator app for {phone} in the inbox")

    def enter_code(self, phone: str) -> "Visitor":
        """Read the newest six-digit code sent to the phone and send it off."""
        page = self.at, self.forms
        inbox = httpx.get(urljoin(self.base_url, "/notices/inbox/"), params={"phone": phone[-4:]}, timeout=20).text
        reader = _Reader()
        reader.feed(inbox)
        code = re.search(r"(?<!\d)(\d{6})(?!\d)", " ".join(reader.text))
        if code is None:
            raise PageError(f"no code for {phone} in the inbox: {' '.join(reader.text)[:400]}")
        self.at, self.forms = page
        return self.submit(having="code", code=code[1])

    def api(self, method: str, path: str, *, key: str = "", **body: object) -> httpx.Response:
        """Call the API with the session's cookies."""
        headers = {"X-CSRFToken": self._http.cookies.get("csrftoken") or "", "Referer": self.base_url}
        if key:
            headers["Idempotency-Key"] = key
        return self._http.request(
            method, urljoin(self.base_url, path), json=body if method != "GET" else None, headers=headers
        )

    def _take(self, answer: httpx.Response) -> "Visitor":
        reader = _Reader()
        reader.feed(answer.text)
        self.at, self.status = str(answer.url), answer.status_code
        self.forms, self.links, self.text = reader.forms, reader.links, " ".join(reader.text)
        if answer.status_code >= 400:
            raise PageError(
                f"{answer.status_code} {answer.request.method} {self.at}: {self.text[:400]}", status=answer.status_code
            )
        return self
