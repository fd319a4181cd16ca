#!/bin/sh
# verify run with a build made elsewhere: every verdict, every exit status, and bad
# input named by file and line.
set -eu

# run STATUS ARGUMENT...: verify run with reports, expecting that exit status.
run() {
	want=$1
	shift
	status=0
	"$VERIFY" run "$@" --json f.json --text f.txt 2>err || status=$?
	if [ "$status" -ne "$want" ]; then
		echo "verify run $*: exit $status, not $want"
		cat err f.txt
		exit 1
	fi
}
said() { grep -q -- "$1" err || { echo "not said: $1"; cat err; exit 1; }; }
value() { jq -r "$1" f.json; }
sum() { sha256sum "$1" | cut -d' ' -f1; }
pack() { tar --sort=name --owner=0 --group=0 --mtime=@0 -C tree -czf product.tar.gz "$@"; }

# A product with one built program, one text that is not built, and a link.
mkdir -p tree/bin rebuilt
printf 'line one\nline two\nline three\n' >tree/bin/program
printf 'read me\n' >tree/README
ln -s bin/program tree/link
cp tree/bin/program rebuilt/program
pack README bin link

# release [NAME=VALUE...]: write r.release, with fields replaced.
release() {
	product=product.tar.gz
	product_sha=$(sum product.tar.gz)
	readme_sha=$(sum tree/README)
	link_sha=$(printf bin/program | sha256sum | cut -d' ' -f1)
	extra='# nothing more'
	more=
	for pair in "$@"; do eval "${pair%%=*}=\${pair#*=}"; done
	cat >r.release <<END
Format: verify-release 1
Name: small
Version: 1
$extra

Product: $product
SHA256: $product_sha

Output: bin/program
Built: program

Unbuilt:
 $readme_sha README
 $link_sha link
Reason: written by hand
$more
END
}

release
run 0 r.release --rebuilt rebuilt
test "$(value .verdict.bytes)" = reproduced
test "$(value .counts.unbuilt)" -eq 2
test "$(value .verdict.policy)" = none
grep -q '1 file compared, 2 declared unbuilt' f.txt

# The short form is the same; the report is the same but for "run".
cp f.json first.json
"$VERIFY" r.release --rebuilt rebuilt --json again.json
jq 'del(.run)' first.json >a
jq 'del(.run)' again.json >b
cmp a b

# The rebuilt file differs: the line is named.
printf 'line one\nline 2\nline three\n' >rebuilt/program
run 1 r.release --rebuilt rebuilt
test "$(value .verdict.bytes)" = differs
value '.files[] | select(.status == "different") | .differences[0].place' | grep -q 'line 2'

# It is missing from the build.
rm rebuilt/program
run 1 r.release --rebuilt rebuilt
test "$(value '.files[] | select(.path | endswith("bin/program")) | .status')" = missing
cp tree/bin/program rebuilt/program

# A file mode that changed is never folded away.
chmod 4755 tree/bin/program
chmod 0755 rebuilt/program
pack README bin link
release
run 1 r.release --rebuilt rebuilt
chmod 0644 tree/bin/program rebuilt/program
pack README bin link

# A shipped file that nobody accounts for.
printf 'surprise\n' >tree/extra
pack README bin link extra
release
run 1 r.release --rebuilt rebuilt
test "$(value '.files[] | select(.path | endswith("extra")) | .status')" = unaccounted
pack README bin link

# A declared unbuilt file with other bytes.
release "readme_sha=$(printf x | sha256sum | cut -d' ' -f1)"
run 1 r.release --rebuilt rebuilt
test "$(value '.files[] | select(.path | endswith("README")) | .status')" = different

# Undecided: another file than declared, none at all, a truncated one, no rebuilt folder.
release "product_sha=$(printf x | sha256sum | cut -d' ' -f1)"
run 3 r.release --rebuilt rebuilt
said 'declares'
test "$(value '.inputs[] | select(.role == "product") | .status')" = mismatch
release product=gone.tar.gz
run 3 r.release --rebuilt rebuilt
said "gone.tar.gz"
cp product.tar.gz whole.tar.gz
head -c 150 whole.tar.gz >product.tar.gz
release
run 3 r.release --rebuilt rebuilt
test "$(value .verdict.bytes)" != reproduced
mv whole.tar.gz product.tar.gz
release
run 3 r.release --rebuilt nowhere
grep -q nowhere f.txt

# A policy that nothing signed meets: exit status 4, and 1 when the bytes differ too.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem \
	-out anchor.pem -days 30 -subj /C=CH/CN=anchor 2>/dev/null
release 'extra=Signers: any-of swiss' 'more=
Trust: swiss
Certificate: anchor.pem
Country: CH'
run 4 r.release --rebuilt rebuilt
test "$(value .policy.met)" = false
grep -q swiss f.txt
printf 'other\n' >rebuilt/program
run 1 r.release --rebuilt rebuilt
cp tree/bin/program rebuilt/program

# Descriptions that cannot be read: exit status 2, with file and line.
release 'extra=Colour: red'
run 2 r.release --rebuilt rebuilt
said 'r.release:4: '
release 'extra=Name: again'
run 2 r.release --rebuilt rebuilt
said 'r.release:4: '
release product_sha=abc
run 2 r.release --rebuilt rebuilt
said 'r.release:[0-9]*: '
run 2 absent.release --rebuilt rebuilt
said absent.release
release
run 2 r.release
said 'Toolchain'
run 2 r.release --rebuilt rebuilt --no-such-option
run 2 r.release r.release
run 3 r.release --rebuilt r.release

# Hostile text in names is shown, never sent to the terminal.
mkdir evil
printf 'x\n' >"evil/$(printf 'a\033[31mb\nc')"
cp tree/bin/program evil/program
tar --sort=name --owner=0 --group=0 --mtime=@0 -C evil -czf product.tar.gz .
release
sed -i -e 's|^Output: .*|Output: program|' -e '/^Unbuilt:/,/^Reason/d' r.release
run 1 r.release --rebuilt rebuilt
if grep -q "$(printf '\033')" f.txt f.json; then
	echo "an escape character reached a report"
	exit 1
fi
grep -q 'x1b' f.txt

# Nothing is left behind.
test -z "$(find "${TMPDIR:-/tmp}" -maxdepth 1 -name 'verify-[A-Za-z0-9]*' -newer tree/README ! -name 'verify-test-*')"
