# 'make help' lists what can be made. DATA=dir names a folder with training data.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= /usr/bin/python3
TRAINING := models/training
RECIPE ?= $(TRAINING)/configs/deepskin-2.toml
RUNS ?= $(TRAINING)/runs
CANDIDATE ?= $(RUNS)/candidate
# The recipe in $(TRAINING)/configs whose noise is measured, and the seeds to do so with.
NOISE ?= base
SEEDS ?= 1 2 3
REPORTS := models/evaluation
# torch frees and maps the same large blocks all the time: keeping them saved a third of the time of
# inference where it was measured.
KEEP_BLOCKS := MALLOC_MMAP_THRESHOLD_=8589934592 MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456
# Commands of the servers that tests start, and the Debian packages that they come from.
SERVERS := redis-server=redis-server pg_ctlcluster=postgresql promtool=prometheus
FUZZTIME ?= 2m
# Without a bound, most of the time goes into making each interesting input a little shorter.
FUZZ = go test -run '^$$' -fuzztime $(FUZZTIME) -fuzzminimizetime 10x
SHOTS ?= screenshots
PAGE := adapters/web/page
DRAW := chromium --headless --no-sandbox --disable-gpu --hide-scrollbars
# With libjpeg-turbo where it is installed; see deploy/turbojpeg.sh.
TURBO = pkg-config --exists libturbojpeg 2>/dev/null && echo
TAGS = $$($(TURBO) -tags=turbojpeg)
# Tools, built from source at the version that stands in the name.
LINTER := .cache/bin/golangci-lint-2.15.0
ACTIONLINT := .cache/bin/actionlint-1.7.12
GOVULNCHECK := .cache/bin/govulncheck-1.9.0
GORELEASER := .cache/bin/goreleaser-2.17.0
SYFT := .cache/bin/syft-1.57.0
GRYPE := .cache/bin/grype-0.121.2
# The image to build, push or deploy, and where.
IMAGE ?= deepskin
REGION ?= europe-west1

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## Fetch ONNX Runtime and libjpeg-turbo, and build the program, ./deepskin
	@deploy/onnxruntime.sh
	@deploy/turbojpeg.sh
	go build -trimpath $(TAGS) -o deepskin ./cmd/deepskin # as in the image, so that both share what is compiled

.PHONY: demo
demo: setup ## Run the service and talk to it, from photo to verdict (DEMO_PHOTO=path for your own)
	go run ./cmd/demo -program ./deepskin

.PHONY: run
run: setup ## Run the service until Ctrl-C: web page on port 8080, Telegram with TELEGRAM_TOKEN, Discord with DISCORD_TOKEN
	./deepskin serve

.PHONY: test
test: setup ## Run all tests under the race detector (installs redis-server, PostgreSQL, Prometheus and Chromium)
	@deploy/packages.sh $(SERVERS) chromium=chromium
	@deploy/axe.sh
	go test $(TAGS) -race -count=1 -timeout 40m $(TESTFLAGS) ./...
	cd deploy && go test -count=1 $(TESTFLAGS) ./... # a module of its own; nothing there runs at the same time

.PHONY: test-pure
test-pure: setup ## Run the classifier's tests without libjpeg-turbo, as it is built where there is none
	go test -race -count=1 -timeout 10m $(TESTFLAGS) ./classifier/...

.PHONY: fuzz
fuzz: setup ## Look for input that breaks something, for FUZZTIME (default: 2m) with each of the Fuzz functions
	@git grep -o 'func Fuzz[A-Za-z]*' -- '*_test.go' | while IFS=: read -r file name; do \
		echo "== $${name#func } in $$(dirname "$$file")"; \
		$(FUZZ) $(TAGS) -fuzz "^$${name#func }\$$" "./$$(dirname "$$file")" || exit 1; \
	done
	@echo "== FuzzPhoto in classifier, without libjpeg-turbo"
	@$(FUZZ) -fuzz '^FuzzPhoto$$' ./classifier

.PHONY: chaos
chaos: setup ## Break one thing after the other while 5,000 photos are sent, and count (SEED=1; FAULT=part of a name; under 15 minutes)
	@deploy/packages.sh $(SERVERS)
	DEEPSKIN_CHAOS_SEED="$(or $(SEED),1)" DEEPSKIN_CHAOS_FAULT="$(FAULT)" \
		go test $(TAGS) -count=1 -timeout 60m -v -run '^TestChaos$$' ./cmd/deepskin

.PHONY: screenshots
screenshots: setup ## Take pictures of the page with real answers, into SHOTS (default: screenshots)
	@deploy/packages.sh chromium=chromium
	mkdir -p $(SHOTS)
	DEEPSKIN_SCREENSHOTS="$(abspath $(SHOTS))" go test -count=1 -run '^TestPageWithTheRealModel$$' ./cmd/deepskin

.PHONY: pictures
pictures: setup ## Take the pictures of the README anew, from real conversations with the present model
	@deploy/packages.sh chromium=chromium,fonts-liberation pngquant=pngquant
	@test -n "$$(fc-list ':family=Noto Color Emoji')" || deploy/packages.sh emoji-font=fonts-noto-color-emoji
	DEEPSKIN_PICTURES="$(CURDIR)/docs" go test -count=1 -run '^TestPictureOf|^TestPageWithTheRealModel$$' ./cmd/deepskin
	pngquant --force --speed 1 --ext .png 96 docs/telegram.png docs/discord.png docs/page.png

.PHONY: icons
icons: ## Draw the page's PNG icons from its SVG icons
	@deploy/packages.sh chromium=chromium
	$(DRAW) --default-background-color=00000000 --window-size=192,192 --screenshot=$(PAGE)/icon-192.png $(PAGE)/icon.svg
	$(DRAW) --default-background-color=00000000 --window-size=512,512 --screenshot=$(PAGE)/icon-512.png $(PAGE)/icon.svg
	$(DRAW) --window-size=512,512 --screenshot=$(PAGE)/icon-full.png $(PAGE)/icon-full.svg

.PHONY: lint
lint: $(LINTER) $(ACTIONLINT) ## Check the Go code and the workflows
	$(LINTER) run $$($(TURBO) --build-tags=turbojpeg) ./...
	cd deploy && ../$(LINTER) run ./...
	$(ACTIONLINT) -shellcheck= -pyflakes= # those may be here or not, and nobody should have to care

.PHONY: vuln
vuln: $(GOVULNCHECK) ## Look for known vulnerabilities in all that is used (STRICT=1 fails where that cannot be done)
	@STRICT=$(STRICT) deploy/vuln.sh $(GOVULNCHECK)

.PHONY: reproducible
reproducible: ## Build the last commit twice, in two folders, and compare the programs
	@deploy/reproducible.sh $(TAGS)

.PHONY: image
image: ## Build the image IMAGE (default: deepskin; TARGET=cuda or training for these); needs a container engine
	docker build --platform linux/amd64 -f deploy/Dockerfile $(if $(TARGET),--target $(TARGET)) -t "$(IMAGE)" .

.PHONY: image-check
image-check: ## Lay out the image without a container engine, and run bot and worker in it (as root)
	@deploy/packages.sh redis-server=redis-server ip=iproute2
	deploy/imagecheck.sh

.PHONY: image-scan
image-scan: $(GRYPE) ## Look for known vulnerabilities in IMAGE that a newer version mends
	$(GRYPE) "docker:$(IMAGE)" --only-fixed --fail-on high

.PHONY: image-push
image-push: ## Push IMAGE to its registry
	docker push "$(IMAGE)"

.PHONY: cloud-retrain
cloud-retrain: ## Have Vertex AI in PROJECT and REGION retrain with IMAGE on a GPU, as RUN (default: the date)
	@IMAGE="$(IMAGE)" PROJECT="$(PROJECT)" REGION="$(REGION)" RUN="$(RUN)" deploy/gcp/retrain.sh

.PHONY: deploy
deploy: ## Have Cloud Run in PROJECT and REGION serve IMAGE, and its workers WORKER_IMAGE (default: IMAGE)
	@IMAGE="$(IMAGE)" WORKER_IMAGE="$(WORKER_IMAGE)" PROJECT="$(PROJECT)" REGION="$(REGION)" deploy/gcp/deploy.sh

.PHONY: release
release: $(GORELEASER) $(SYFT) ## Publish the tag that is checked out: archives, checksums and SBOM (needs GITHUB_TOKEN)
	@deploy/onnxruntime.sh
	PATH="$(abspath $(dir $(SYFT))):$$PATH" SYFT=$(notdir $(SYFT)) $(GORELEASER) release --clean

.PHONY: release-check
release-check: $(GORELEASER) ## Check .goreleaser.yaml
	$(GORELEASER) check

# The names of what is built from source, and where it comes from.
.cache/bin/golangci-lint-%: PACKAGE = github.com/golangci/golangci-lint/v2/cmd/golangci-lint
.cache/bin/actionlint-%: PACKAGE = github.com/rhysd/actionlint/cmd/actionlint
.cache/bin/govulncheck-%: PACKAGE = golang.org/x/vuln/cmd/govulncheck
.cache/bin/goreleaser-%: PACKAGE = github.com/goreleaser/goreleaser/v2
.cache/bin/syft-%: PACKAGE = github.com/anchore/syft/cmd/syft
.cache/bin/grype-%: PACKAGE = github.com/anchore/grype/cmd/grype

$(LINTER) $(ACTIONLINT) $(GOVULNCHECK) $(GORELEASER) $(SYFT) $(GRYPE):
	GOBIN=$(CURDIR)/.cache/bin GOFLAGS= go install $(PACKAGE)@v$(lastword $(subst -, ,$@))
	mv .cache/bin/$(notdir $(PACKAGE:%/v2=%)) $@

# BENCH_MODEL=file takes any compatible model, BENCH_FLAGS more flags, see go run ./cmd/bench -help.
BENCH_MODEL ?= models/deepskin.onnx
BENCH = go run $(TAGS) ./cmd/bench -program ./deepskin -photos .cache/bench-photos -model "$(BENCH_MODEL)"

.PHONY: bench
bench: setup ## Measure how close the service comes to the machine, with BENCH_MODEL; JSON in .cache
	@deploy/packages.sh redis-server=redis-server
	$(BENCH) -json .cache/bench.json $(BENCH_FLAGS)

.PHONY: bench-growth
bench-growth: setup ## Measure the service with 1, 2 and 4 worker processes and PostgreSQL; JSON in .cache
	@deploy/packages.sh $(SERVERS)
	$(BENCH) -growth -json .cache/growth.json $(BENCH_FLAGS)

.PHONY: bench-model
bench-model: training-setup ## Write a single MobileNetV2 at 192 pixels into RUNS, untrained, for BENCH_MODEL
	cd $(TRAINING) && $(PYTHON) small.py --side 192 --model "$(abspath $(RUNS))/single-192.onnx"

.PHONY: data
data: ## Download the public training data into DATA (5.2 GB; needs the open internet, sandboxes have none)
	@test -n "$(DATA)" || { echo "Say where to: make data DATA=dir"; exit 1; }
	$(PYTHON) $(TRAINING)/fetch.py "$(DATA)"

.PHONY: train
train: training-setup ## Train the model from DATA into models/deepskin.onnx; goes on where it was interrupted
	@test -n "$(DATA)" || { echo "Name the folder with the data: make train DATA=dir"; exit 1; }
	cd $(TRAINING) && $(KEEP_BLOCKS) $(PYTHON) -m deepskin_training.model --data "$(abspath $(DATA))" \
		--config "$(abspath $(RECIPE))" --out "$(abspath $(RUNS))" --model "$(CURDIR)/models/deepskin.onnx"
	$(MAKE) golden evaluate

.PHONY: retrain
retrain: training-setup ## Train a candidate from DATA and EXPORTS="dir ..." (START=current goes on from the runs in RUNS)
	@test -n "$(DATA)" || { echo "Name the folder with the data: make retrain DATA=dir EXPORTS=\"dir ...\""; exit 1; }
	cd $(TRAINING) && $(KEEP_BLOCKS) $(PYTHON) -m deepskin_training.model --data "$(abspath $(DATA))" \
		--exports $(foreach dir,$(EXPORTS),"$(abspath $(dir))") --config "$(abspath $(RECIPE))" \
		$(if $(START),--start "$(abspath $(if $(filter current,$(START)),$(RUNS),$(START)))") \
		--out "$(abspath $(CANDIDATE))" --model "$(abspath $(CANDIDATE))/candidate.onnx"

.PHONY: export
export: setup ## Write what people shared and reviewers labelled into EXPORTS=dir (needs the bots' DATABASE_URL and keys)
	@test -n "$(EXPORTS)" || { echo "Say where to: make export EXPORTS=dir"; exit 1; }
	./deepskin export "$(EXPORTS)"

.PHONY: gate
gate: setup ## Take the candidate into the registry DEEPSKIN_MODELS, and compare it on DATA with the model that serves
	@test -n "$(DATA)" || { echo "Name the folder with the data: make gate DATA=dir"; exit 1; }
	./deepskin model add --json "$(CANDIDATE)/candidate.onnx" | \
		$(PYTHON) -c 'import json, sys; print(json.load(sys.stdin)["version"])' >"$(CANDIDATE)/version"
	./deepskin model gate "$$(cat "$(CANDIDATE)/version")" --kind dermoscopy \
		--data "$(DATA)/ham10000_200x150.tar" --labels "$(DATA)/HAM10000_metadata.csv" --others "$(DATA)/phone_photos.tar"
	./deepskin model gate "$$(cat "$(CANDIDATE)/version")" --kind phone --split all \
		--data "$(DATA)/phone_photos.tar" --labels "$(DATA)/phone_photos.csv" \
		--others "$(DATA)/ham10000_200x150.tar" --others-labels "$(DATA)/HAM10000_metadata.csv"

.PHONY: promote
promote: setup ## Have VERSION in the registry DEEPSKIN_MODELS serve, which passed the gate
	@test -n "$(VERSION)" || { echo "Say which: make promote VERSION=version"; exit 1; }
	./deepskin model promote "$(VERSION)"

.PHONY: year
year: setup training-setup ## Play a year of the service on DATA: photos, reports, reviews, retraining, gate; writes docs/loop.md, goes on where it was
	@test -n "$(DATA)" || { echo "Name the folder with the data: make year DATA=dir"; exit 1; }
	go run ./cmd/year -program ./deepskin -data "$(abspath $(DATA))" -runs "$(abspath $(RUNS))"

.PHONY: noise
noise: training-setup ## Measure how much a short run's figures on DATA (and EXPORTS) depend on chance, with the recipe NOISE over SEEDS (hours)
	@test -n "$(DATA)" || { echo "Name the folder with the data: make noise DATA=dir"; exit 1; }
	cd $(TRAINING) && $(KEEP_BLOCKS) $(PYTHON) noise.py --data "$(abspath $(DATA))" \
		--exports $(foreach dir,$(EXPORTS),"$(abspath $(dir))") --config "configs/$(NOISE).toml" --seeds $(SEEDS) \
		--out "$(abspath $(RUNS))/noise"

.PHONY: attempts
attempts: training-setup ## Train and compare other recipes, and ways to serve the shipped networks, on DATA (hours)
	@test -n "$(DATA)" || { echo "Name the folder with the data: make attempts DATA=dir"; exit 1; }
	cd $(TRAINING) && $(KEEP_BLOCKS) $(PYTHON) -m deepskin_training.attempts --data "$(abspath $(DATA))" \
		--configs configs --runs "$(abspath $(RUNS))" --document "$(CURDIR)/docs/attempts.md"

.PHONY: evaluate
evaluate: setup training-setup ## Measure the model on the test parts of DATA, and write the model card
	@test -n "$(DATA)" || { echo "Name the folder with the data: make evaluate DATA=dir"; exit 1; }
	mkdir -p $(REPORTS) $(RUNS)
	cd $(TRAINING) && $(PYTHON) -m deepskin_training.eda.objects --data "$(abspath $(DATA))" \
		--out "$(abspath $(RUNS))/objects.csv"
	./deepskin evaluate --data "$(DATA)/ham10000_200x150.tar" --labels "$(DATA)/HAM10000_metadata.csv" \
		--split test --kind dermoscopy --others "$(DATA)/phone_photos.tar" \
		--masks "$(DATA)/ham10000_masks_200x150.tar.gz" --groups $(RUNS)/objects.csv \
		--json $(REPORTS)/dermoscopy.json --html $(RUNS)/dermoscopy.html
	./deepskin evaluate --data "$(DATA)/phone_photos.tar" --labels "$(DATA)/phone_photos.csv" --kind phone \
		--groups $(RUNS)/objects.csv \
		--others "$(DATA)/ham10000_200x150.tar" --others-labels "$(DATA)/HAM10000_metadata.csv" \
		--json $(REPORTS)/phone.json --html $(RUNS)/phone.html
	./deepskin evaluate --data "$(DATA)/not_skin.tar" --kind not_skin --split unfitted \
		--json $(REPORTS)/not_skin.json --html $(RUNS)/not_skin.html
	$(MAKE) card

.PHONY: card
card: training-setup ## Write models/MODEL_CARD.md, and the figures into the model, from the reports
	cd $(TRAINING) && $(PYTHON) card.py

.PHONY: agreement
agreement: setup training-setup ## Compare the program with independent Python on the test part of DATA
	@test -n "$(DATA)" || { echo "Name the folder with the data: make agreement DATA=dir"; exit 1; }
	cd $(TRAINING) && $(PYTHON) agreement.py --data "$(abspath $(DATA))"

.PHONY: quality
quality: training-setup ## Spoil photos step by step and measure the model's errors, into docs/quality.md
	@test -n "$(DATA)" || { echo "Name the folder with the data: make quality DATA=dir"; exit 1; }
	cd $(TRAINING) && $(PYTHON) quality.py --data "$(abspath $(DATA))"

.PHONY: eda
eda: training-setup ## Explore DATA: a page of plots in models/training/runs/eda (DOCUMENT=docs/data.md rewrites that too)
	@test -n "$(DATA)" || { echo "Name the folder with the data: make eda DATA=dir"; exit 1; }
	cd $(TRAINING) && $(PYTHON) -m deepskin_training.eda --data "$(abspath $(DATA))" --out runs/eda \
		$(if $(DOCUMENT),--document "$(abspath $(DOCUMENT))")

.PHONY: golden
golden: training-setup ## Write what independent Python says of the golden photos with the present model
	cd $(TRAINING) && $(PYTHON) golden.py

.PHONY: test-training
test-training: setup training-setup ## Check the training code, and a small model's way into the program
	@$(PYTHON) -c 'import pylint, pytest' 2>/dev/null || deploy/packages.sh deepskin-checks=pylint,python3-pytest
	cd $(TRAINING) && $(PYTHON) -m pylint deepskin_training tests ./*.py
	cd $(TRAINING) && $(PYTHON) -m pytest -q tests

.PHONY: training-setup
training-setup:
	@$(PYTHON) -c 'import torch, torchvision, onnx, sklearn, cv2, PIL, flatbuffers, matplotlib' 2>/dev/null || \
		deploy/packages.sh deepskin-training=python3-torch,python3-torchvision,python3-onnx,python3-sklearn,python3-opencv,python3-pil,python3-flatbuffers,python3-matplotlib
