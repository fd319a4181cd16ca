#!/bin/sh
# Debian's hello, rebuilt from its source: the year that its configure writes into the
# program, what follows from it, and nothing else.
set -eu
home=$PWD
fail() { echo "hello.sh: $*" >&2; exit 1; }
command -v jq >/dev/null || { echo "no jq"; exit 77; }
cd "$SOURCE"
status=0
scripts/fetch-release hello "$home/demo" >"$home/fetch.log" 2>&1 || status=$?
if [ "$status" -ne 0 ]; then
	cat "$home/fetch.log"
	[ "$status" -ne 2 ] || fail "usage"
	echo "no package archive in reach that has hello"
	exit 77
fi
status=0
VERIFY_DEMO=$home/demo scripts/demo --hello --json "$home/found.json" >"$home/found.txt" ||
	status=$?
cat "$home/found.txt"
[ "$status" -eq 1 ] || fail "exit status $status"
cd "$home"
test -s demo/hello.html

# What differs: the program, its line in md5sums, and the containers around both.
jq -r '.files[] | select(.status != "identical") | .path' found.json |
	sed 's|^hello_shipped.deb||' | sort >differing
cat >want <<'END'

//control.tar.xz
//control.tar.xz//
//control.tar.xz//./md5sums
//data.tar.xz
//data.tar.xz//
//data.tar.xz//./usr/bin/hello
END
diff want differing || fail "other files differ"
jq -r '.files[] | select(.path | endswith("/md5sums")) | .differences[].place' found.json |
	grep '^line 1' >/dev/null || fail "md5sums"

# In the program: one operand of one instruction, and the marks that follow from it.
jq -r '.files[] | select(.path | endswith("/usr/bin/hello")) | .differences' found.json \
	>program.json
jq -r '.[].place' program.json | sed 's/[+ ].*//' | sort -u >places
printf '%s\n' .gnu_debuglink .note.gnu.build-id .text >want
diff want places || fail "other places differ"
jq -e '[.[] | select(.place | startswith(".text"))] | length == 1 and
	.[0].shipped_length <= 2' program.json >/dev/null || fail "more than one operand"

# What is said of it: a year, likely the build's; the rest follows.
jq -e '.[] | select(.place | startswith(".text")) | (.place |
	startswith(".text+0x16c (main+0x12c): mov edx, 0x7e6")) and
	.cause.name == "build year" and .cause.sure == "likely" and
	(.cause.evidence | contains("2022"))' program.json >/dev/null || fail "no build year"
jq -e '[.[] | select(.place | startswith(".text") | not) | .cause.follows_from] |
	length > 0 and all(startswith(".text+0x16c"))' program.json >/dev/null ||
	fail "build-id and debug link do not follow"
jq -e '.files[] | select(.path | endswith("/md5sums")) | .differences |
	length == 1 and .[0].cause.sure == "proved"' found.json >/dev/null ||
	fail "md5sums does not follow"
tr -s ' \n' ' ' <found.txt | grep -F 'mov edx, 0x7e6' >/dev/null || fail "no instruction"

# The byte is where other programs find it, and holds the years of the two builds.
for side in shipped rebuilt; do
	dpkg-deb -x demo/hello_$side.deb $side
	offset=$(jq ".[] | select(.place | startswith(\".text\")) | .${side}_offset" \
		program.json)
	od -An -tu4 -j "$offset" -N 4 $side/usr/bin/hello | tr -d ' ' >$side.year
done
[ "$(cat shipped.year)" = 2022 ] || fail "shipped: $(cat shipped.year)"
year=$(cat rebuilt.year)
[ "$year" -ge 2026 ] && [ "$year" -le "$(date +%Y)" ] || fail "rebuilt: $year"

# The same build judged against the release description.
status=0
"$VERIFY" run -q demo/hello.release --rebuilt demo/rebuilt --json run.json --text run.txt ||
	status=$?
[ "$status" -eq 1 ] || fail "run: exit status $status"
[ "$(jq -r .verdict.bytes run.json)" = differs ] || fail "run: $(jq .verdict run.json)"
