"""``python -m embedded``

up             run the whole system in the foreground
assets [test]  install the browser assets (those of the tests too)
npm …          the wheel's npm, in the project's folder
backup FILE    write the database into a file
restore FILE   read such a file into an empty database
clean          delete everything kept under var/ and outside it
keep <server>  be the parent of a lent server (started by whoever borrows it)
"""

import shutil
import sys
from pathlib import Path

from embedded import assets, backups, keeper, postgres, system
from embedded.locks import Lock
from embedded.problems import Problem, explained
from embedded.secrets import var


def main() -> None:
    """Dispatch the command line; a Problem becomes one sentence and exit code 1."""
    try:
        match sys.argv[1:]:
            case ["up"]:
                system.up()
            case ["assets", *kind]:
                assets.build(tests=kind == ["test"])
            case ["npm", *arguments]:
                sys.exit(assets.npm(*arguments).returncode)
            case ["backup", file]:
                backups.backup(Path(file))
            case ["restore", file]:
                backups.restore(Path(file))
            case ["clean"]:
                clean()
            case ["keep", name] if name in keeper.SERVERS:
                keeper.keep(keeper.SERVERS[name])
            case _:
                sys.exit(__doc__)
    except Problem as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit(130)
    except OSError as error:
        sentence = explained(error)
        if not sentence:
            raise
        sys.exit(str(sentence))


def clean() -> None:
    """Delete the data of this machine. Problem: something still uses it."""
    if not var().exists():
        return
    if not all(Lock(path).try_alone() for path in var().rglob("run/*/users")):
        raise Problem(f"{var()} is in use: stop `make run` and everything else that runs from here first.")
    postgres.forget(var())
    shutil.rmtree(var())


if __name__ == "__main__":
    main()
