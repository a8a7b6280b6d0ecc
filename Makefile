# The two commands: `make run` and `make test`. Both do all the set-up, and are instant the second time.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: run test format translations bench clean

run: .venv/.ready-run
	@$(PY) main.py

test: .venv/.ready-test
	@$(PY) tools/check.py

format: .venv/.ready-test
	$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

translations: .venv/.ready-test
	$(PY) tools/translations.py update

bench: .venv/.ready-run
	@$(PY) -m explorer bench

.venv/.ready-%: pyproject.toml
	@$(PYTHON) tools/setup.py $*

clean:
	rm -rf .venv build dist *.egg-info
