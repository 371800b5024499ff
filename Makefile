.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
IMAGE_EXTRAS := --extra unit --extra data --extra sql --extra model --extra stack --extra docker
EXTRAS := $(IMAGE_EXTRAS) --extra sandbox
COMPILE := $(BIN)/pip-compile -q --strip-extras --generate-hashes --allow-unsafe --no-header \
	--no-emit-index-url --no-emit-find-links --no-emit-trusted-host

.PHONY: help
help: ## show this help
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/.run: requirements/run.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.lock
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@

.PHONY: install
install: $(VENV)/.run ## install lockgate into .venv

.PHONY: flights
flights: $(VENV)/.run ## install, then judge the flights example: verdict and report
	$(BIN)/lockgate install --solution examples/flights
	$(BIN)/lockgate run --solution examples/flights

.PHONY: lint
lint: $(VENV)/.dev ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

.PHONY: test
test: lint ## lint, types and the whole test suite
	$(BIN)/pytest

.PHONY: unit
unit: $(VENV)/.dev ## the fast tests only
	$(BIN)/pytest -m "not integration and not browser and not docker"

.PHONY: spark
spark: $(VENV)/.dev ## the environment of the tests on Spark (needs Java 17)
	PYTHONPATH=tests $(BIN)/python -m helpers.spark_env

.PHONY: format
format: $(VENV)/.dev ## format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: lock
lock: $(VENV)/.dev ## resolve the lock files anew
	$(COMPILE) $(EXTRAS) -o requirements/run.lock pyproject.toml requirements/build.in
	$(COMPILE) $(EXTRAS) --extra dev -c requirements/run.lock -o requirements/dev.lock pyproject.toml
	$(COMPILE) -c requirements/run.lock -o requirements/deploy.lock pyproject.toml
	$(COMPILE) -c requirements/run.lock -o requirements/build.lock requirements/build.in
	$(COMPILE) -c requirements/dev.lock -o requirements/peers.lock requirements/peers.in
	$(COMPILE) $(IMAGE_EXTRAS) -c requirements/run.lock -o requirements/image.lock \
		pyproject.toml requirements/image.in
	$(COMPILE) -c requirements/run.lock -o requirements/spark-build.lock requirements/spark.in
	$(COMPILE) --extra data --extra spark -c requirements/run.lock -c requirements/spark-build.lock \
		-o requirements/spark.lock pyproject.toml requirements/build.in

.PHONY: clean
clean: ## remove what make made
	rm -rf $(VENV) .lockgate dist
