# verify: build, test, install. `make help` lists the targets.
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

VERSION := 0.1
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
DESTDIR ?=

CC ?= cc
ifeq ($(origin CC),default)
CC := gcc
endif
# One folder of objects for each kind of build, so that they never mix.
BUILD ?= build/default
OPTIMISE ?= -O2 -g
WERROR ?=
SANITISE ?=

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes \
	-Wstrict-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 -Wvla -Wundef \
	-Wno-unused-parameter $(WERROR)
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection \
	-fPIE $(if $(SANITISE),,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
LIBRARIES := libcrypto libarchive zlib liblzma librnp jansson libseccomp capstone \
	libmspack libsquashfs1
PKG_CFLAGS := $(shell pkg-config --cflags $(LIBRARIES) 2>/dev/null)
PKG_LIBS := $(shell pkg-config --libs $(LIBRARIES) 2>/dev/null)

# A compile takes the project's flags first, then the user's.
COMPILE = $(CC) -std=c17 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 \
	-DVERIFY_VERSION='"$(VERSION)"' -Isrc $(WARNINGS) $(HARDENING) $(OPTIMISE) \
	$(SANITISE) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP
LINK = $(CC) -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack $(SANITISE) $(LDFLAGS)
LIBS = $(PKG_LIBS) -lpthread

ROOM_SOURCES := $(sort $(wildcard src/*/*.c))
ROOM_OBJECTS := $(ROOM_SOURCES:%.c=$(BUILD)/%.o)
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
UNIT_OBJECTS := $(UNIT_SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/tests/suites.o
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*_fuzz.c))
MANPAGES := $(sort $(wildcard man/*.[15]))

VERIFY := $(BUILD)/verify
UNIT := $(BUILD)/unit

.PHONY: all
all: verify ## build ./verify

verify: $(VERIFY)
	@ln -sf $< $@

$(VERIFY): $(BUILD)/src/main.o $(ROOM_OBJECTS)
	$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/src/%.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

# The unit runner: every tests/unit/NAME_test.c defines Suite *NAME_suite(void).
SUITES := $(patsubst tests/unit/%_test.c,%,$(filter %_test.c,$(UNIT_SOURCES)))
$(BUILD)/tests/suites.c: Makefile $(UNIT_SOURCES)
	@mkdir -p $(@D)
	@{ echo '#include <check.h>'; echo '#include <stddef.h>'; \
	  echo 'extern Suite *(*const all_suites[])(void);'; \
	  for s in $(SUITES); do echo "Suite *$${s}_suite(void);"; done; \
	  echo 'Suite *(*const all_suites[])(void) = {'; \
	  for s in $(SUITES); do echo "	$${s}_suite,"; done; \
	  echo '	NULL'; echo '};'; \
	  echo 'extern const char *const all_names[];'; \
	  echo 'const char *const all_names[] = {'; \
	  for s in $(SUITES); do echo "	\"$$s\","; done; \
	  echo '	NULL'; echo '};'; } > $@

$(BUILD)/tests/suites.o: $(BUILD)/tests/suites.c
	$(COMPILE) -c -o $@ $<

$(BUILD)/tests/%.o: tests/%.c Makefile
	@mkdir -p $(@D)
	$(COMPILE) -Itests $(shell pkg-config --cflags check) -c -o $@ $<

$(UNIT): $(UNIT_OBJECTS) $(ROOM_OBJECTS)
	$(LINK) -o $@ $^ $(LIBS) $(shell pkg-config --libs check)

.PHONY: check
check: all $(UNIT) ## run every test (unit and command line)
	scripts/run-tests $(BUILD)

.PHONY: asan
asan: ## the suite under AddressSanitizer and UndefinedBehaviorSanitizer
	$(MAKE) BUILD=build/asan OPTIMISE='-O1 -g' WERROR=$(WERROR) \
	  SANITISE='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer' \
	  build/asan/verify build/asan/unit
	scripts/run-tests build/asan

.PHONY: coverage
coverage: ## line coverage of src/ by the test suite
	scripts/coverage

.PHONY: fuzz
fuzz: ## run every fuzz target for SECONDS each (default 30)
	scripts/fuzz $(or $(SECONDS),30)

.PHONY: bench
bench: all ## measure against the floor and against installed peers
	scripts/bench

.PHONY: signature-matrix
signature-matrix: all ## check a signed file of every scheme, made wrong in six ways
	scripts/signature-matrix

.PHONY: matrix
matrix: all ## compare a pair of files of every format, changed in four ways
	scripts/format-matrix

.PHONY: demo
demo: all ## verify Debian's signed shim from package to verdict
	scripts/demo

.PHONY: lint
lint: ## manual pages, scripts, rooms, banned calls, clang build with -Werror
	scripts/lint

.PHONY: install
install: all ## install below DESTDIR and PREFIX
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(MANDIR)/man1 $(DESTDIR)$(MANDIR)/man5
	install -m 755 $(VERIFY) $(DESTDIR)$(BINDIR)/verify
	install -m 644 $(filter %.1,$(MANPAGES)) $(DESTDIR)$(MANDIR)/man1/
	install -m 644 $(filter %.5,$(MANPAGES)) $(DESTDIR)$(MANDIR)/man5/
	install -d $(DESTDIR)$(DATADIR)/verify $(DESTDIR)$(DATADIR)/bash-completion/completions \
	  $(DESTDIR)$(DATADIR)/zsh/site-functions $(DESTDIR)$(DATADIR)/fish/vendor_completions.d
	install -m 644 src/report/verify-findings.schema.json $(DESTDIR)$(DATADIR)/verify/
	install -m 644 scripts/completion/verify.bash $(DESTDIR)$(DATADIR)/bash-completion/completions/verify
	install -m 644 scripts/completion/verify.zsh $(DESTDIR)$(DATADIR)/zsh/site-functions/_verify
	install -m 644 scripts/completion/verify.fish $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/verify.fish

.PHONY: uninstall
uninstall: ## remove what install put there
	rm -f $(DESTDIR)$(BINDIR)/verify $(DESTDIR)$(DATADIR)/verify/verify-findings.schema.json
	rm -f $(DESTDIR)$(DATADIR)/bash-completion/completions/verify \
	  $(DESTDIR)$(DATADIR)/zsh/site-functions/_verify \
	  $(DESTDIR)$(DATADIR)/fish/vendor_completions.d/verify.fish
	for page in $(notdir $(filter %.1,$(MANPAGES))); do rm -f $(DESTDIR)$(MANDIR)/man1/$$page; done
	for page in $(notdir $(filter %.5,$(MANPAGES))); do rm -f $(DESTDIR)$(MANDIR)/man5/$$page; done
	-rmdir $(DESTDIR)$(DATADIR)/verify 2>/dev/null || true

.PHONY: dist
dist: ## build/verify-VERSION.tar.xz of the committed tree
	@mkdir -p build
	git archive --format=tar --prefix=verify-$(VERSION)/ HEAD | xz -9 > build/verify-$(VERSION).tar.xz

.PHONY: clean
clean: ## remove everything that was built
	rm -rf build verify

# For the scripts that call a compiler themselves.
.PHONY: libraries
libraries:
	@echo $(LIBRARIES)

.PHONY: help
help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(firstword $(MAKEFILE_LIST)) | expand -t 12

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
