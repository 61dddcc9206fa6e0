# One command for each thing that people do here. `make` alone lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup setup-test demo run test check drill bench lock

HOST ?= 127.0.0.1
PORT ?= 8000
WORKERS ?= 2
DATA_DIR ?= $(CURDIR)/var
SITE_URL ?= http://127.0.0.1:$(PORT)
export HOST PORT WORKERS DATA_DIR SITE_URL

PYTHON := .venv/bin/python
LOCK := .venv/bin/uv pip compile -q --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install what the product needs (a second run does nothing)
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh test

# A demonstration has its own data, so that `make run` never meets its well-known passwords, and writes to nobody.
demo: export DEMO = 1
demo: export DATA_DIR = $(CURDIR)/var/demo
demo: setup ## a firm with people, projects and reviews to click through, on PORT (8000)
	@exec env -u DATABASE_URL -u REDIS_URL -u EMAIL_URL scripts/serve.sh

run: setup ## web, worker and beat for real: settings from the environment (README.md), data in DATA_DIR
	@exec scripts/serve.sh

# Tests write uploads and caches too: not among the real data.
test: export DATA_DIR = $(CURDIR)/var/test
test: setup-test ## the whole suite; ARGS="tests/reviews -k sign" for a part of it
	@$(PYTHON) -m pytest -n auto $(ARGS)

check: setup-test ## style, imports, migrations, deployment settings, API schema
	@scripts/check.sh

drill: setup ## kill and restart everything in mid-work, on databases of its own: is any reminder lost or doubled?
	@$(PYTHON) -m drills

bench: setup-test ## how fast the main pages are beside a bare Django view
	@$(PYTHON) -m bench

lock: setup-test ## bring the lock files up to date with requirements/*.in and package.json
	$(LOCK) --upgrade requirements/uv.in -o requirements/uv.txt
	$(LOCK) --upgrade requirements/runtime.in -o requirements/runtime.txt
	$(LOCK) --upgrade requirements/dev.in -o requirements/dev.txt
	$(LOCK) --upgrade requirements/node.in -o requirements/node.txt
	PATH="$(CURDIR)/.venv/bin:$$PATH" npm update --package-lock-only
