# Production image: web, worker, beat and the migrations run from it. Nothing secret goes in.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements/run.txt requirements/production.txt requirements/
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements/production.txt \
    && python -m venv /tools && /tools/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
COPY . .
# Assets, translations and hashed static files are made here; the secrets that settings need meanwhile stay behind.
RUN export PREPAID_VAR=/tmp/var STATIC_ROOT=/app/static_root \
    && /tools/bin/python -m embedded assets \
    && /tools/bin/python locale/catalogues.py compile \
    && /tools/bin/python manage.py collectstatic --noinput --verbosity=0 \
    && rm -rf node_modules tests

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin prepaid
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=prepaid.settings PREPAID_DEMO=0 PREPAID_VAR=/tmp/prepaid STATIC_ROOT=/app/static_root
USER 10001
EXPOSE 8000
CMD ["gunicorn", "prepaid.wsgi", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--workers", "4", \
     "--threads", "8", "--worker-tmp-dir", "/dev/shm", "--no-control-socket", "--access-logfile", "-"]
