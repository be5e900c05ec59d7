"""``python -m embedded``: up | keep <server>."""

import sys

from embedded import keeper


def main() -> None:
    """Dispatch the command line."""
    match sys.argv[1:]:
        case ["keep", name]:
            keeper.keep(keeper.SERVERS[name])
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
