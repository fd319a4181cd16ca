# verify signatures: xar archives signed as macOS packages are, by the recipe in testdata/xar:
# no program for it runs here. 7-Zip reads the archive and checks all of its checksums;
# openssl made the values, and its word of the CMS must be ours.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 7z

installer='keyUsage=critical,digitalSignature
extendedKeyUsage=critical,1.2.840.113635.100.4.13
1.2.840.113635.100.6.1.14=critical,DER:0500'
certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority" 2048
certificate one '/C=CH/O=Muster AG/CN=One' root "$installer" 2048
certificate short '/C=CH/O=Muster AG/CN=Short' root "$installer" 1024
certificate tls '/C=CH/O=Muster AG/CN=TLS' root 'keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth' 2048
certificate other '/C=CH/O=Muster AG/CN=Other' self "$installer" 2048
seq 1000 >a
seq 50 >b
make() { # OUT ARGUMENT...
	out=$1
	shift
	python3 "$SOURCE/testdata/xar/make.py" "$out" a b "$@"
}
by() { # OUT SIGNER ARGUMENT...
	out=$1 signer=$2
	shift 2
	make "$out" cert="$signer.pem" key="$signer.key" "$@"
}

# ---- valid, and by whom

for style in rsa cms rsa,cms; do
	by x.pkg one style=$style
	7z t x.pkg >tool.log || fail "7z does not take the archive"
	expect 0 'One (CH)' x.pkg --trust root.pem
	expect 4 'untrusted' x.pkg
	expect 4 'untrusted' x.pkg --trust other.pem
	expect 4 'expired' x.pkg --trust root.pem --at 2060-01-01T00:00:00Z
done
expect 0 '2 of 2 signatures valid' x.pkg --trust root.pem
by y.pkg one others=root.pem
expect 0 '2 of 2 signatures valid' y.pkg --trust root.pem
make plain.pkg
expect 4 'unsigned: the table of contents names no signature' plain.pkg
# What openssl says: CMS over the 32 bytes at the start of the heap, 256 bytes of RSA behind.
heap=$(python3 -c 'import struct; d = open("x.pkg", "rb").read(28)
print(sum(struct.unpack(">HxxQ", d[4:16])))')
tail -c +$((heap + 1)) x.pkg | head -c 32 >checksum
tail -c +$((heap + 32 + 256 + 1)) x.pkg | head -c 8192 >cms
openssl cms -verify -binary -inform DER -in cms -content checksum -CAfile root.pem \
	-purpose any -ignore_critical >/dev/null 2>tool.log || fail "openssl: $(cat tool.log)"

# ---- not by these

by bad.pkg tls
expect 4 'wrong EKU' bad.pkg --trust root.pem
by bad.pkg one hash=sha1
expect 4 'weak' bad.pkg --trust root.pem
by bad.pkg short style=cms
expect 4 'weak' bad.pkg --trust root.pem

# ---- what is signed is not what is there

by bad.pkg one header
expect 4 'do not name one checksum' bad.pkg --trust root.pem
by bad.pkg one comment
expect 4 'malformed' bad.pkg --trust root.pem
by bad.pkg one twice
expect 4 'malformed' bad.pkg --trust root.pem
by bad.pkg one nosum
expect 4 'members without a checksum' bad.pkg --trust root.pem
size=$(wc -c <x.pkg)
change x.pkg bad.pkg $((size - 2))
expect 4 '1 members are not those' bad.pkg --trust root.pem
change x.pkg bad.pkg $((heap + 32 + 256 + 8192 + 3))
expect 4 'are not those' bad.pkg --trust root.pem
change x.pkg bad.pkg $((heap + 5))
expect 4 'the table of contents is not the one that was signed' bad.pkg --trust root.pem
change x.pkg bad.pkg $((heap + 40))
expect 4 'was not made by the signer' bad.pkg --trust root.pem
for offset in 5 10 20 27 40 $((heap - 1)) $((heap + 32 + 255)) $((heap + 32 + 256 + 8)) \
	$((heap + 32 + 256 + 900)) $((heap + 32 + 256 + 8100)); do
	change x.pkg bad.pkg "$offset"
	status=0
	"$VERIFY" signatures bad.pkg --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "byte $offset was changed, and nobody minds"
done
{ cat x.pkg && echo tail; } >bad.pkg
expect 0 '5 bytes behind all that the table of contents names: nobody signed them' bad.pkg \
	--trust root.pem
expect 0 '5 unexplained' bad.pkg --trust root.pem
for size in $((heap - 1)) $((heap + 31)) $((heap + 32 + 100)) $((heap + 32 + 256 + 8192)) \
	$((size - 1)); do
	head -c "$size" x.pkg >bad.pkg
	status=0
	"$VERIFY" signatures bad.pkg --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "cut at $size, and nobody minds"
done
