#!/bin/sh
# The browser tests need Chromium and a Chinese font from the system. Root with apt gets Debian's; others get the line to run.
set -eu
missing=
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && browser=$name && break
done
[ -n "${browser:-}" ] || missing=chromium
fc-list :lang=zh-cn 2>/dev/null | grep -q . || missing="$missing fonts-noto-cjk"
[ -n "$missing" ] || exit 0
line="apt-get install --yes --no-install-recommends $missing"
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing $missing for the browser tests …"
    { apt-get update --quiet --quiet && DEBIAN_FRONTEND=noninteractive $line; } >/dev/null && exit 0
fi
echo "The browser tests need $missing. Run:  sudo $line" >&2
echo "or leave them out:  make test WITHOUT=browser" >&2
exit 1
