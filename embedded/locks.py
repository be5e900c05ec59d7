"""File locks that the kernel frees when their process dies, however it dies."""

import fcntl
import os
from pathlib import Path
from types import TracebackType


class Lock:
    """An flock on ``path``. Never inherited by programs we start, so it lives exactly as long as its process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def shared(self) -> None:
        """Wait until nobody holds it alone, then hold it together with others."""
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def alone(self) -> None:
        """Wait until nobody else holds it, then hold it alone."""
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def try_alone(self) -> bool:
        """Hold it alone if nobody else holds it now. When refused, a shared hold may be lost as well."""
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def free(self) -> None:
        """Hold it no longer."""
        fcntl.flock(self._file, fcntl.LOCK_UN)

    def sign(self) -> None:
        """Write this process's id into the file, for whoever is refused."""
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def signature(self) -> int:
        """The process id written by the last holder, 0 if none."""
        return int(os.pread(self._file, 20, 0) or 0)

    def close(self) -> None:
        """Free it and forget the file."""
        os.close(self._file)

    def __enter__(self) -> "Lock":
        self.alone()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
