# Evenweave: `make help` lists what can be done. Every target sets up what it needs, on a bare machine too.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
CONFIG ?= configs/build/mini.yaml
JOBS   ?= 2

# of `make build-85m`: only what is given is passed on
BUILD_FLAGS := $(if $(INPUT),--input $(INPUT)) $(if $(OUTPUT),--output $(OUTPUT)) $(if $(N),--size $(N)) \
               $(foreach setting,$(SET),--set $(setting))
RUNNER_SET  := $(if $(RUNNER),--set runner=$(RUNNER))
BEAM_FLAGS  := $(if $(RUNNER_FLAGS),-- $(RUNNER_FLAGS))

# tests never reach for the network: every model and corpus they need is made or shipped here
OFFLINE := HF_HUB_OFFLINE=1 HF_DATASETS_OFFLINE=1 TOKENIZERS_PARALLELISM=false
# and use one thread each, torch's compiler too: threads and compilers of several would wait for each other
TESTS   := $(OFFLINE) OMP_NUM_THREADS=1 TORCHINDUCTOR_COMPILE_THREADS=1
# one more than JOBS: a quarter of their time tests wait for what they start, stop and kill. Each begins with tests that
# stand together, which share what they build, and ends with some of another's
PYTEST  := $(BIN)/python -m pytest -n $(shell expr $(JOBS) + 1) --dist worksteal

# of `make test`: what has no target of its own
HERE    := not endurance and not compat and not engines

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev build-85m instruct report spark-jar flink-jar tiny-encoder train-tiny test test-endurance test-compat test-engines check fuzz format mutants \
        bench bench-balanced-training clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[36mmake %-24s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make build-85m INPUT=photos/ OUTPUT=runs/photos N=200     balance pictures of your own"
	@echo "  make build-85m CONFIG=configs/build/85m.yaml              the full recipe"

setup: $(VENV)/.installed ## a virtual environment with Evenweave in it

setup-dev: $(VENV)/.installed-dev ## the same, with what the tests need

$(VENV)/.installed: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Evenweave needs Python 3.11 or newer; set PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	touch $@

build-85m: setup ## the main job: balanced shards and a report, from the embedded corpus or from INPUT=
	$(BIN)/evenweave build $(CONFIG) $(RUNNER_SET) $(BUILD_FLAGS) $(BEAM_FLAGS)

instruct: setup ## the instruction mixture, from the embedded sets or by CONFIG=configs/instruct/… of your own
	$(BIN)/evenweave instruct $(if $(filter file,$(origin CONFIG)),configs/instruct/mini.yaml,$(CONFIG)) \
		$(RUNNER_SET) $(if $(OUTPUT),--output $(OUTPUT)) $(foreach setting,$(SET),--set $(setting)) $(BEAM_FLAGS)

report: setup ## the report of a run again: RUN=runs/mini
	$(BIN)/evenweave report $(or $(RUN),runs/mini)

spark-jar: setup ## Beam's job server for Spark, from Maven Central, for RUNNER=spark (needs Java 17 and Maven)
	$(BIN)/python -m pipelines.engine.fetch_job_server spark

flink-jar: setup ## the same for Flink, for RUNNER=flink
	$(BIN)/python -m pipelines.engine.fetch_job_server flink

tiny-encoder: setup ## train the embedded encoder anew (half an hour on two cores)
	$(BIN)/python -m transforms.miniature.encoder.training

train-tiny: setup ## the tiny model through all three stages, on a CPU: mixes, packs, trains, exports, answers
	$(BIN)/python -m pipelines.train_tiny $(or $(OUTPUT),runs/tiny)

test: setup-dev ## all tests: lint, types, unit, whole chains, readers of other projects
	$(MAKE) --no-print-directory --jobs 2 types quick-and-slow

test-endurance: setup-dev ## what takes minutes: the tiny recipe as a whole, runs killed at random, compiled training
	$(TESTS) $(PYTEST) -m endurance

test-compat: setup-dev ## what needs other versions of other projects, a clean environment, or a copy of this one
	$(TESTS) $(PYTEST) -m compat

test-engines: setup-dev ## whole chains on Spark and Flink: skipped, with the reason, where there is no Java or no job server
	-$(MAKE) --no-print-directory --keep-going spark-jar flink-jar
	$(TESTS) $(BIN)/python -m pytest -n0 -m engines -rs tests/engines

check: setup-dev ## the quick part: lint, types, unit tests
	$(MAKE) --no-print-directory --jobs 2 types quick # types keep one core busy, and need none of the other

.PHONY: types quick quick-and-slow
types:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

quick:
	$(TESTS) $(PYTEST) -m "not slow and $(HERE)"

# in one run: what tests of a module share, and what a worker imports, is made once
quick-and-slow:
	$(TESTS) $(PYTEST) -m "$(HERE)"

fuzz: setup-dev ## damaged tars, images, captions, settings and records for minutes: FUZZ_EXAMPLES of each, 1,000
	$(TESTS) $(PYTEST) $(wildcard tests/fuzz/fuzz_*.py)

format: setup-dev ## put the code in its layout
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

mutants: setup-dev ## how many small faults, put into the core one at a time, its tests notice (an hour at most)
	$(TESTS) $(BIN)/python -m tests.mutants.run --jobs $(JOBS)

bench: setup-dev ## benchmarks: each prints a ratio to its bound or peer, kept in tests/benchmarks/results and README
	for name in $(filter-out bench_balanced_training bench_balanced_scenes,$(basename $(notdir $(wildcard tests/benchmarks/bench_*.py)))); do \
		echo "== $$name"; $(OFFLINE) $(BIN)/python -m tests.benchmarks.$$name || exit 1; \
	done
	$(BIN)/python -m tests.benchmarks.readme_figures

bench-balanced-training: setup-dev ## what balancing is worth to a tiny model (half an hour on two cores, then two hours)
	$(OFFLINE) $(BIN)/python -m tests.benchmarks.bench_balanced_training
	$(OFFLINE) $(BIN)/python -m tests.benchmarks.bench_balanced_scenes
	$(BIN)/python -m tests.benchmarks.readme_figures

clean: ## remove caches and what was built of the package; keep runs and the environment
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
