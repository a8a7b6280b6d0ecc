# The two commands: `make run` and `make test`. Both do all the set-up, and are instant the second time.
PYTHON ?= python3
PY := .venv/bin/python

.PHONY: run test format translations bench sweep soak scenes clean

run:
	@$(PYTHON) tools/setup.py run
	@$(PY) main.py

test:
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/check.py

format:
	@$(PYTHON) tools/setup.py test
	$(PY) -m ruff check --fix . ; $(PY) -m ruff format .

translations:
	@$(PYTHON) tools/setup.py test
	$(PY) tools/translations.py update

bench:
	@$(PYTHON) tools/setup.py run
	@$(PY) -m explorer bench

sweep:
	@$(PYTHON) tools/setup.py test
	@$(PY) tools/sweep.py
	@$(PY) tools/sweep_receptive.py

soak:
	@$(PYTHON) tools/setup.py run
	@$(PY) tools/soak.py

OUT ?= build/scenes

scenes:
	@$(PYTHON) tools/setup.py run
	@$(PY) tools/scenes.py $(OUT)

clean:
	rm -rf .venv build dist *.egg-info
