#!/bin/sh
# The real thing: Debian's signed shim, rebuilt from its source and verified by the
# demo; then the same with one byte changed inside the shipped package.
set -eu
home=$PWD
cd "$SOURCE"
if ! apt-cache policy >/dev/null 2>&1; then
	echo "no apt on this system: the shim cannot be fetched"
	exit 77
fi
status=0
VERIFY_DEMO=$home/demo scripts/demo --json "$home/good.json" --text "$home/good.txt" || status=$?
cat "$home/good.txt"
test "$status" -eq 0
test "$(jq -r .verdict.bytes "$home/good.json")" = reproduced-except-signature
test "$(jq -r .verdict.signatures "$home/good.json")" = valid
test "$(jq -r .policy.met "$home/good.json")" = true
test "$(jq -r .build.result "$home/good.json")" = built
test "$(jq -r '[.signatures[] | select(.status == "valid")] | length' "$home/good.json")" -eq 2
test "$(jq -r '.counts.unbuilt' "$home/good.json")" -ge 1

# The graft is checked again by other means: the grafted file's hash is what sha256sum
# says of the shipped file.
dpkg-deb --fsys-tarfile "$home"/demo/shim-signed_*.deb |
	tar -xO ./usr/lib/shim/shimx64.efi.signed | sha256sum | cut -d' ' -f1 >"$home/shipped"
test "$(jq -r '.files[] | select(.status == "signature-only") | .graft.sha256' "$home/good.json")" = \
	"$(cat "$home/shipped")"

# Tampered: the byte's offset as tamper-shim says it, and exit status 1.
status=0
VERIFY_DEMO=$home/demo scripts/demo --tampered --json "$home/bad.json" --text "$home/bad.txt" \
	2>"$home/bad.err" || status=$?
cat "$home/bad.err" "$home/bad.txt"
test "$status" -eq 1
offset=$(sed -n 's/^tamper-shim: .*offset \([0-9]*\) .*/\1/p' "$home/bad.err")
test "$(jq -r '.files[] | select(.status == "different") | .differences[0].shipped_offset' "$home/bad.json")" = "$offset"
jq -r '.files[] | select(.status == "different") | .differences[0].place' "$home/bad.json" | grep -q '^\.text+0x2000'
test "$(jq -r '[.files[] | select(.status == "different") | .differing_bytes] | add' "$home/bad.json")" -eq 1
test "$(jq -r .verdict.signatures "$home/bad.json")" = invalid
