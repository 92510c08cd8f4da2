# The short way to everything. The build itself is Meson's (meson.build); what a target needs that
# is not installed is installed first: build tools, libraries and QEMU, nothing else.
BUILD       ?= build
BUILD_CHECK ?= build-check
BUILD_SIM   ?= build-sim
PREFIX      ?= /usr
DESTDIR     ?=

.PHONY: all build demo check check-full coverage soak torture mutants shell install clean deps

all: build

deps:
	@packaging/install-build-deps

build: deps
	@test -f $(BUILD)/build.ninja || meson setup $(BUILD) --buildtype=release -Db_ndebug=false --prefix=$(PREFIX) >/dev/null
	@ninja -C $(BUILD)

# Boots the virtual SAN, takes a volume away, and shows what happens. About four minutes.
demo: build
	@lab/demo $(BUILD)

# What must hold before anything is pushed; ends with "N passed, N failed".
check: deps
	@tests/check

# Every scenario, on both kernels.
check-full: deps
	@tests/check --full

# How much of the thinking column and of the core is reached; a folder fails below 95 % of its lines
# or 90 % of its branches.
coverage: deps
	@packaging/install-build-deps gcovr
	@tests/coverage

# Simulated worlds until it is stopped, others than a minute ago. What fails is shrunk and written
# beside the program (docs/simulation.md), and the next one begins.
soak: build
	@$(BUILD)/tests/sim/run --seeds $$(date +%Y%m%d%H%M)00000.. --keep-going

# Ten minutes of everything at random in the lab, on both kernels at once; another day, another story.
torture: build
	@tests/lab/torture --build $(BUILD)

# Each known wrong is applied to a copy of the tree, which must then fail: by the unit tests of the
# thinking column and the simulation, or in the lab.
mutants: deps
	@tests/mutants/run
	@tests/mutants/run-lab

# A shell in the virtual SAN.
shell: build
	@lab/shell

# PREFIX may be another one than when it was configured.
install: build
	@meson configure $(BUILD) --prefix=$(PREFIX) && ninja -C $(BUILD)
	@DESTDIR=$(DESTDIR) meson install -C $(BUILD) --no-rebuild

clean:
	rm -rf $(BUILD) $(BUILD_CHECK) $(BUILD_SIM)
