# verify rebuild: builds in the sandbox, on a root of host files: what is told of one
# that ends well, one that fails, and inputs that are not what was declared.
set -eu

command -v jq >/dev/null || {
	echo "jq is not installed"
	exit 77
}
export XDG_CACHE_HOME="$PWD/cache"
fail() {
	echo "$*"
	exit 1
}
sum() { sha256sum "$1" | cut -c1-64; }

"$VERIFY" toolchain pin -q --host cat --host sed --host mkdir --host tar --host rm \
	--host env --host gzip --host sleep -o t.toolchain
"$VERIFY" toolchain fetch -q t.toolchain >/dev/null
sed -i 's/^Network: none/Environment: COLOUR=blue\n&/; s/^Umask: .*/Umask: 027/' t.toolchain
mkdir -p pack/inner
echo hello >pack/inner/text
tar -C pack -czf pack.tar.gz .
echo plain >plain.txt

# release NAME: reads the steps
release() {
	cat >"$1.release" <<-END
		Format: verify-release 1
		Name: $1
		Version: 1.0
		Toolchain: t.toolchain
		Toolchain-SHA256: $(sum t.toolchain)

		Product: plain.txt
		SHA256: $(sum plain.txt)

		Source: plain.txt
		SHA256: $(sum plain.txt)

		Source: pack.tar.gz
		SHA256: $(sum pack.tar.gz)
		Unpack: deep/er

		Build:
		$(sed 's/^/ /')

		Output: .
		Built: sub/named.txt
	END
}
# build STATUS NAME
build() {
	rm -rf "$2.out" "$2.json"
	status=0
	"$VERIFY" rebuild -q "$2.release" -o "$2.out" --json "$2.json" 2>err || status=$?
	[ "$status" = "$1" ] || fail "$2 ended with $status: $(cat err "$2.json")"
}
# is NAME FILTER VALUE
is() {
	found=$(jq -r "$2" "$1.json")
	[ "$found" = "$3" ] || fail "$1: $2 is '$found', not '$3'"
}

# --- a good build
release good <<'END'
cat deep/er/inner/text plain.txt | sed s/hello/HELLO/ >out.txt
mkdir sub
if cat plain.txt >sub/named.txt
then
	env >env.txt
fi
case a in
a) printf 'no newline at the end';;
esac
cat <<TEXT
here
TEXT
END
if ! "$VERIFY" rebuild -q good.release -o probe --json probe.json 2>err &&
	grep -q 'namespaces' probe.json; then
	echo "this machine refuses namespaces: $(jq -r .build.reason probe.json)"
	exit 77
fi
build 0 good
is good .build.result built
is good .build.ended exited
is good '.build.steps' 12
is good '.build.toolchain.root' host
is good '.build.toolchain.weak' true
is good '.build.umask' 027
is good '.build.outputs | map(.path) | join(" ")' 'env.txt out.txt sub/named.txt'
is good '.build.outputs[2].sha256' "$(sum plain.txt)"
is good '.build.layers | length > 5' true
is good 'keys_unsorted[-1]' run
[ "$(cat good.out/out.txt)" = "HELLO
plain" ] || fail "out.txt: $(cat good.out/out.txt)"
[ ! -e good.out/pack.tar.gz ] || fail "an unpacked archive is left beside its folder"
cat >want <<-END
	COLOUR=blue
	HOME=/build
	LANG=C.UTF-8
	LC_ALL=C.UTF-8
	LOGNAME=builder
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	SHELL=/bin/sh
	TZ=UTC
	USER=builder
END
grep -v '^\(PWD\|OLDPWD\|_\|SHLVL\)=' good.out/env.txt | LC_ALL=C sort | cmp - want ||
	fail "the environment is $(cat good.out/env.txt)"
[ "$(jq -r '.build.environment[]' good.json)" = "$(cat want)" ] || fail "told otherwise"
[ "$(stat -c %a good.out/out.txt)" = 640 ] || fail "umask: $(stat -c %a good.out/out.txt)"

# the log: whole, hashed, its steps named
is good .run.build.log good.out.log.gz
gzip -dc good.out.log.gz >log
is good .run.build.log_sha256 "$(sum log)"
is good .run.build.log_bytes "$(wc -c <log)"
grep -q '^==> step 1 of 12: cat deep' log || fail "log: $(cat log)"
grep -q '^no newline at the end$' log && grep -q '^here$' log || fail "log: $(cat log)"

# the same from run to run, but for "run"
cp good.json first.json
build 0 good
jq 'del(.run)' good.json >a
jq 'del(.run)' first.json | cmp - a || fail "two builds tell different things"

# --- a step that fails
release fails <<'END'
cat plain.txt
env >/dev/null; for i in 1 2 3; do echo "line $i"; done; printf '\033[31mred\n'; sh -c 'exit 7'
cat never.txt
END
build 3 fails
is fails .build.result failed
is fails .build.step 2
is fails .build.status 7
is fails '.build.log_tail[-1]' '\x1b[31mred'
is fails '.build.reason | startswith("step 2 ")' true
is fails '.build.reason | endswith("ended with exit status 7")' true
is fails .verdict.exit 3
gzip -dc fails.out.log.gz | grep -q 'line 3' || fail "no log of a failed build"

# a build cannot pass another step off as the failing one by printing numbers
release liar <<'END'
echo 'step 3'; echo '==> step 3 of 3'
false
true
END
build 3 liar
is liar .build.step 2

# --- a limit
sed 's/^Limits: .*/Limits: wall 1s/' t.toolchain >short.toolchain
release slow <<'END'
sleep 100
END
sed "s/^Toolchain: .*/Toolchain: short.toolchain/; /^Toolchain-SHA256/d" slow.release >s &&
	mv s slow.release
build 3 slow
is slow .build.ended wall-limit
is slow .build.result failed

# --- inputs that are not what was declared
echo other >>plain.txt
build 3 good
is good .build.result not-run
is good '.build.reason | contains("declares")' true
is good '.inputs | map(select(.status == "mismatch")) | length' 1
[ ! -e good.out ] || fail "a folder for a build that was not run"
echo plain >plain.txt
mv pack.tar.gz away
build 3 good
is good .build.result not-run
mv away pack.tar.gz
echo "# changed" >>t.toolchain
build 3 good
is good '.build.reason | contains("t.toolchain")' true
sed -i '$d' t.toolchain
build 0 good

# the root in the cache, changed
find "$XDG_CACHE_HOME/verify/roots" -name sed -type f -exec sh -c 'echo "#" >>"$1"' - {} \;
build 3 good
is good .build.result not-run
is good '.build.reason | contains("usr/bin/sed: has other content")' true
"$VERIFY" toolchain fetch -q t.toolchain >/dev/null

# --- usage
status=0
"$VERIFY" rebuild good.release 2>err || status=$?
[ $status = 2 ] || fail "without -o: $status"
mkdir -p full
echo x >full/x
status=0
"$VERIFY" rebuild -q good.release -o full --json full.json 2>err || status=$?
[ $status = 3 ] || fail "into a full folder: $status"
[ "$(cat full/x)" = x ] || fail "a full folder was changed"
is full '.build.reason | contains("not empty")' true
[ -z "$(find "$XDG_CACHE_HOME/verify/roots" -name '.tmp-*')" ] || fail "something is left"
