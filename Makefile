# Everything one types. The work is in setup/*; this file only names it.
PORT ?= 8000
PYTHON ?= python3
ARGS ?=
export PYTHON
# The kernel ends the script when this make is gone, however it went.
TIED = $$(setpriv --pdeathsig TERM true 2> /dev/null && echo setpriv --pdeathsig TERM)
.DEFAULT_GOAL := help
.PHONY: help run test scenarios lint format bench demo migrate shots lighthouse db-start db-stop clean

help: ## what can be typed here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## set up, database, demo data, server on http://127.0.0.1:8000 (PORT=…)
	@exec $(TIED) bash setup/run.sh "$(PORT)"

test: ## all tests (ARGS="tests/checkins -k late")
	@exec bash setup/with.sh test .venv/bin/python -m pytest -n $(or $(WORKERS),auto) --dist loadfile $(ARGS)

scenarios: ## the phone's scenarios in Chromium, three times each
	@XUNFANG_TIMES=3 XUNFANG_RERUNS=0 exec bash setup/with.sh test .venv/bin/python -m pytest -n 2 --dist loadfile tests/browser/test_scenarios_time.py tests/browser/test_scenarios_upgrade.py tests/browser/test_phone_offline.py tests/browser/test_phone_sos.py

lint: ## ruff, mypy, biome, djlint
	@exec bash setup/lint.sh

format: ## let ruff put right what it can
	@exec bash setup/lint.sh --fix

bench: ## measurements beside something outside, into bench/results.json (ARGS=…)
	@exec bash setup/with.sh bench .venv/bin/python -m bench $(ARGS)

demo: ## fill the demo county (safe to repeat)
	@exec bash setup/with.sh run bash -c '.venv/bin/flask --app wsgi db upgrade && exec .venv/bin/flask --app wsgi demo'

migrate: ## bring the database to the newest migration
	@exec bash setup/with.sh run .venv/bin/flask --app wsgi db upgrade

shots: demo ## pictures of the screens into shots/
	@exec bash setup/with.sh test .venv/bin/python setup/shots.py $(ARGS)

lighthouse: demo ## scores of the phone's pages (installs Lighthouse under var/)
	@exec bash setup/with.sh test .venv/bin/python setup/lighthouse.py

db-start: ## start the private database (DB_PORT=… also on 127.0.0.1)
	@$(PYTHON) setup/cluster.py start

db-stop: ## stop it
	@$(PYTHON) setup/cluster.py stop

clean: ## remove what was built; keeps the database and .venv
	@rm -rf static/dist static/dist.* shots .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find app tests -name '*.mo' -delete -o -name __pycache__ -type d -prune -exec rm -rf {} +
