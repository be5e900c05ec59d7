"""Logs as data, without personal data."""

import logging
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from prepaid.notices import phones


def mask_phones(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Every phone number in a line is masked, whoever logged it."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = phones.mask_in(value)
    return event


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """For ``settings.LOGGING``; also tells structlog to log through the standard library."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    mask_phones,
                    structlog.processors.JSONRenderer(ensure_ascii=False)
                    if as_json
                    else structlog.dev.ConsoleRenderer(colors=False),
                ],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": logging.getLevelName(level)},
    }
