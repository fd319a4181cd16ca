#!/bin/sh
# Reports are made again from a findings file: the same bytes, the same exit status.
set -eu

fail() {
	echo "report: $*"
	exit 1
}
run() { # STATUS COMMAND...
	want=$1
	shift
	status=0
	"$@" 2>err || status=$?
	[ $status -eq "$want" ] || fail "'$*' ended with $status, not $want: $(cat err)"
}
samples=$SOURCE/tests/unit/findings
schema=$SOURCE/src/report/verify-findings.schema.json

run 0 "$VERIFY" report --json a.json --html a.html --markdown a.md --text a.txt "$samples/good.json"
run 0 "$VERIFY" report --json - a.json >b.json
cmp a.json b.json || fail "the findings changed on their way through"
for kind in html markdown text; do
	run 0 "$VERIFY" report --$kind - b.json >again
	case $kind in markdown) cmp again a.md ;; text) cmp again a.txt ;; *) cmp again a.html ;; esac ||
		fail "the $kind report is not the same again"
done
run 1 "$VERIFY" report --json t.json "$samples/tampered.json"

# "run" comes last, and only it may vary.
tail -n 1 a.json | grep -q '^}$' || fail "no newline at the end"
[ "$(grep -n '^  "' a.json | tail -n 1 | cut -d'"' -f2)" = run ] || fail "run is not last"

# A file whose verdict does not follow from its findings is refused.
sed 's/"exit": 1/"exit": 0/; s/"differs"/"reproduced"/' t.json >lie.json
run 3 "$VERIFY" report lie.json >out
grep -q 'lie.json.*does not follow' err || fail "$(cat err)"
[ ! -s out ] || fail "a refused file was reported on"
sed 's/"status": "different"/"status": "identical"/' t.json >lie.json
run 1 "$VERIFY" report lie.json >out # its own differences contradict it
grep -q 'VERDICT  differs' out || fail "a contradiction was believed"
head -c 700 t.json >cut.json
run 3 "$VERIFY" report cut.json >out
printf '%s' '{"schema":"verify-findings/1","command":"run"}' >bare.json
run 3 "$VERIFY" report bare.json >out
# as deep as jansson reads, and deeper
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "["; }' >deep.json
run 3 "$VERIFY" report deep.json >out

# A report replaces a file as a whole, keeps to the umask, and leaves no draft.
echo old >kept.txt
(umask 027; "$VERIFY" report --text kept.txt a.json)
cmp kept.txt a.txt || fail "kept.txt"
[ "$(stat -c %a new 2>/dev/null || stat -c %a kept.txt)" = 640 ] || fail "mode of a report"
set -- kept.txt.*
[ ! -e "$1" ] || fail "a draft was left"
# a link is written through, not replaced
ln -s target link
run 0 "$VERIFY" report --text link a.json
[ -L link ] && cmp target a.txt || fail "the link was replaced"

# HTML: well formed, nothing fetched, one script and one style of its own.
grep -q "default-src 'none'" a.html || fail "no content security policy"
[ "$(grep -c '<script' a.html)" = 1 ] && [ "$(grep -c '<style' a.html)" = 1 ] ||
	fail "not one script and one style"
sed 's/href="#//g' a.html |
	grep -E -i '<img|<link|<iframe|src=|href=|@import|url\(|javascript:|unsafe-inline|fetch\(|XMLHttp' &&
	fail "the page can fetch or run something"
if python3 -c 1 2>/dev/null; then
	python3 - a.html <<'PY' || fail "HTML is not well formed"
import sys
from html.parser import HTMLParser
void = {"meta", "br", "input"}
class Check(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()
    def handle_starttag(self, tag, attributes):
        self.seen.add(tag)
        if tag not in void:
            self.open.append(tag)
    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            sys.exit(f"</{tag}> at {self.getpos()} closes nothing")
check = Check()
check.feed(open(sys.argv[1], encoding="utf-8").read())
if check.open:
    sys.exit(f"left open: {check.open}")
missing = {"title", "h1", "h2", "caption", "main", "th"} - check.seen
if missing:
    sys.exit(f"missing: {missing}")
PY
fi

# The schema takes what we write, and nothing else.
python3 -W ignore -c 'import jsonschema' 2>/dev/null || {
	echo "no python3-jsonschema"
	exit 77
}
valid() { python3 -W ignore -m jsonschema -i "$1" "$schema" >out 2>&1; }
python3 -W ignore -c 'import json, sys, jsonschema
jsonschema.Draft202012Validator.check_schema(json.load(open(sys.argv[1])))' "$schema"
printf 'one\n' >one
printf 'two\n' >two
mkdir d e
cp one d/x
cp two e/x
cp one d/same
cp one e/same
echo >d/missing
echo >e/extra
ln -s x d/link
ln -s y e/link
tar cf one.tar d
tar --owner=7 -cf two.tar e
for pair in "one one" "one two" "d e" "one.tar two.tar" "absent one"; do
	rm -f c.json
	"$VERIFY" compare --json c.json ${pair} >out 2>err || true
	if grep -q 'is not in this build' err; then
		break
	fi
	[ -e c.json ] || continue
	valid c.json || fail "compare $pair: $(head -c 2000 out)"
	status=0
	"$VERIFY" report c.json >out 2>err || status=$?
	[ "$status" = "$(python3 -c 'import json; print(json.load(open("c.json"))["verdict"]["exit"])')" ] ||
		fail "compare $pair: report gave $status: $(cat err)"
done
if "$VERIFY" signatures --json s.json one >out 2>err; then
	fail "a text passed for signed"
fi
if [ -e s.json ]; then
	valid s.json || fail "signatures: $(head -c 2000 out)"
fi
run 1 "$VERIFY" report --json c.json "$samples/changed.json"
for sample in a t c; do
	valid $sample.json || fail "$sample: $(head -c 2000 out)"
done
for edit in 's/"cpus"/"cpu"/' 's/"exit": 0/"exit": 2/' 's/"valid"/"fine"/' \
	's/"status": "unbuilt"/"status": "unbuild"/' 's/"reason": "packaging/"raison": "packaging/' \
	's/"size": 900/"size": -900/' 's/f00dfeed/F00DFEED/' 's/"met": true/"met": 1/' \
	's/"Landlock"/"\\u001b"/' 's,verify-findings/1,verify-findings/2,'; do
	sed "$edit" a.json >edited.json
	cmp -s a.json edited.json && fail "'$edit' changes nothing"
	if valid edited.json; then
		fail "the schema takes '$edit'"
	fi
done
