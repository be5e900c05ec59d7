# make run    the whole system in the foreground
# make test   everything that is checked (WITHOUT=browser leaves the browser tests out; ARGS goes to pytest)
# make test-postgresql  the same on an installed PostgreSQL (POSTGRESQL names its bin folder) instead of the embedded one
# make bench  what the ledger costs, beside a floor (docs/benchmarks.md; ARGS goes to it)
# make soak   the same with the full counts of the long random tests (docs/ledger.md names the ledger's)
.PHONY: run test test-postgresql soak bench lint messages lock clean
VAR = $(CURDIR)/var/test
PYTEST = PREPAID_VAR=$(VAR) .venv/bin/python -m pytest --numprocesses auto --dist loadgroup $(if $(WITHOUT),-m "not $(WITHOUT)") $(ARGS)

run:
	@requirements/install.sh run
	@exec .venv/bin/python -m embedded up

test soak: export PREPAID_SOAK = $(if $(filter soak,$@),1,$(SOAK))
test soak:
	@requirements/install.sh test
	@.venv/bin/python -m embedded assets test
	@.venv/bin/python locale/catalogues.py compile
	@$(if $(filter browser,$(WITHOUT)),echo "Leaving the browser tests out.",tests/browsers.sh)
	@$(PYTEST)

test-postgresql:
	@unset DATABASE_URL DATABASE_OWNER_URL REDIS_URL && folder=$$(tests/postgresql.sh) && echo "Testing on $$($$folder/postgres --version)" && \
	PREPAID_POSTGRES=$$folder $(MAKE) --no-print-directory test VAR=$(CURDIR)/var/test-postgresql

bench:
	@requirements/install.sh test
	@.venv/bin/python -m embedded assets test
	@.venv/bin/python locale/catalogues.py compile
	@.venv/bin/python -m benchmarks $(ARGS)

lint:
	@requirements/install.sh test
	@.ci/checks

messages:
	@requirements/install.sh test
	@.venv/bin/python locale/catalogues.py extract
	@.venv/bin/python locale/catalogues.py compile

lock:
	@requirements/install.sh test
	@UPGRADE=$(UPGRADE) requirements/lock.sh
	@.venv/bin/python -m embedded npm update --package-lock-only

clean:
	@test ! -x .venv/bin/python || .venv/bin/python -m embedded clean
	rm -rf .venv node_modules static/vendor .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
