# verify signatures: signed data beside a file and behind a kernel module, each made by
# openssl, whose own word must be the same.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl gcc perl

# agree yes|no FILE SIGNATURE ARGUMENT...: what openssl says of it.
agree() {
	word=$1 file=$2 signature=$3
	shift 3
	answer=no
	openssl cms -verify -binary -inform DER -content "$file" -in "$signature" \
		-CAfile root.pem -purpose any "$@" >/dev/null 2>tool.log && answer=yes
	[ "$answer" = "$word" ] || fail "openssl says $answer of $signature: $(cat tool.log)"
}

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate one '/C=CH/O=Muster AG/CN=One' root 'keyUsage=critical,digitalSignature'
certificate two '/C=CH/O=Muster AG/CN=Two' root 'keyUsage=critical,digitalSignature'
certificate other '/C=CH/O=Muster AG/CN=Other' self 'keyUsage=critical,digitalSignature'

seq 1 1000 >file
seq 1 1001 >changed
sign() { # OUT ARGUMENT...
	out=$1
	shift
	openssl cms -sign -binary -outform DER -in file -out "$out" "$@" 2>/dev/null
}
sign good.p7s -signer one.pem -inkey one.key
sign bare.p7s -signer one.pem -inkey one.key -noattr
sign alone.p7s -signer one.pem -inkey one.key -nocerts
sign both.p7s -signer one.pem -inkey one.key -signer two.pem -inkey two.key
sign inside.p7s -signer one.pem -inkey one.key -nodetach
sign keyid.p7s -signer one.pem -inkey one.key -keyid
sign sha1.p7s -signer one.pem -inkey one.key -md sha1
sign stranger.p7s -signer other.pem -inkey other.key
openssl cms -sign -binary -outform PEM -in file -out good.pem -signer one.pem \
	-inkey one.key 2>/dev/null

for name in good bare both inside keyid; do
	agree yes file "$name.p7s"
	expect 0 'One (CH)' file --detached "$name.p7s" --trust root.pem
	expect 4 'untrusted' file --detached "$name.p7s"
	expect 4 'untrusted' file --detached "$name.p7s" --trust other.pem
	[ "$name" = inside ] || agree no changed "$name.p7s"
	expect 4 'invalid' changed --detached "$name.p7s" --trust root.pem
done
expect 0 '2 of 2 signatures valid' file --detached both.p7s --trust root.pem
expect 4 'holds another content than this file' changed --detached inside.p7s --trust root.pem
expect 0 'valid' file --detached good.pem --trust root.pem
# The signer's certificate is not there: the user has it.
expect 4 "the signer's certificate is not in the signature" file --detached alone.p7s \
	--trust root.pem
expect 4 'untrusted' file --detached alone.p7s --trust root.pem
agree yes file alone.p7s -certfile one.pem
expect 0 'One (CH)' file --detached alone.p7s --trust root.pem --intermediate one.pem
expect 4 'broken' file --detached sha1.p7s --trust root.pem
expect 4 'untrusted' file --detached stranger.p7s --trust root.pem

# Every byte counts, the file's end too.
size=$(wc -c <good.p7s)
for at in 1 30 60 200 $((size / 2)) $((size - 2)); do
	cp good.p7s bad.p7s
	byte=$(od -An -tu1 -j "$at" -N 1 bad.p7s | tr -d ' ')
	printf "\\$(printf %o $((byte ^ 1)))" | dd of=bad.p7s bs=1 seek="$at" conv=notrunc status=none
	status=0
	"$VERIFY" signatures file --detached bad.p7s --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "byte $at of the signature was changed, and nobody minds"
done
{ cat good.p7s && echo x; } >long.p7s
status=0
"$VERIFY" signatures file --detached long.p7s --trust root.pem >out 2>&1 || status=$?
[ "$status" -ne 0 ] || fail "bytes after the signature, and nobody minds"

# ---- a kernel module, as sign-file of Linux writes it

echo 'int table[50] = {1};' >x.c && gcc -c -o x.elf x.c
module() { # OUT ARGUMENT...
	out=$1
	shift
	openssl cms -sign -binary -noattr -md sha256 -outform DER -in x.elf -out x.der "$@" 2>/dev/null
	{
		cat x.elf x.der
		perl -e 'print pack("C5x3N", 0, 0, 2, 0, 0, -s "x.der"),
			"~Module signature appended~\n"'
	} >"$out"
}
module x.ko -nocerts -signer one.pem -inkey one.key
expect 0 'behind the module' x.ko --trust root.pem --intermediate one.pem
expect 0 'is the trusted one' x.ko --trust one.pem
expect 4 "untrusted: behind the module, at offset" x.ko --trust root.pem
expect 4 "was not given: it is one that 'CN=Root" x.ko --trust root.pem
module with.ko -signer one.pem -inkey one.key
expect 0 'One (CH)' with.ko --trust root.pem
sed 's/ELF/ELG/' with.ko >not.ko
status=0
"$VERIFY" signatures not.ko --trust root.pem >out 2>&1 || status=$?
[ "$status" -ne 0 ] || fail "a module with another first byte is valid"
byte=$(od -An -tu1 -j 64 -N 1 with.ko | tr -d ' ')
printf "\\$(printf %o $((byte ^ 1)))" | dd of=with.ko bs=1 seek=64 conv=notrunc status=none
expect 4 'invalid' with.ko --trust root.pem
# In a package, compressed, as distributions ship them.
mkdir pkg && xz -c x.ko >pkg/x.ko.xz && tar -cf pkg.tar pkg
expect 0 'x.ko.xz' pkg.tar --trust one.pem
