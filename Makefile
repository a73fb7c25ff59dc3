# make demo   builds and serves a demonstration on http://127.0.0.1:8080
#             (LISTEN=address:port elsewhere; KEEP=folder keeps what is made)
# make test   installs what the tests need and runs them all
# make drill  kills, cuts the power, fills the disk: the full counts (as root)
# make bench  measures, and prints one table
LISTEN ?= 127.0.0.1:8080
KEEP ?=
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)

.PHONY: build demo test drill bench check fmt clean

# The version is handed over here and not by Go's own stamp, which refuses to
# build where git does not trust the folder's owner.
build:
	CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "-s -w -X dongthuan/internal/app.Version=$(VERSION)" -o bin/dongthuan ./cmd/dongthuan

# The program answers Ctrl-C itself and ends with 0, so that make is quiet too.
demo: build
	@exec bin/dongthuan demo --listen "$(LISTEN)" $(if $(KEEP),--keep "$(KEEP)")

test:
	@script/test

drill:
	@script/drill

bench: build
	@script/bench

check:
	@script/check

fmt:
	gofmt -w .

clean:
	rm -rf bin test/node_modules
