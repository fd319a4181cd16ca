# verify signatures: exit statuses, and what a reader is told.
set -eu
# Debian 12's own osslsigncode 2.5 issues no timestamps; its backports' does.
osslsigncode --help 2>&1 | grep -q -e -TSA-certs || {
	echo "needs an osslsigncode (2.6) that issues timestamps"
	exit 77
}
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl osslsigncode gcc ld

# ---- certificates, an image, signatures

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate leaf '/C=CH/O=Muster AG/CN=Signer' root \
	'keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
certificate tls '/C=CH/CN=www' root 'extendedKeyUsage=serverAuth'
certificate tsaroot '/C=CH/CN=Timestamp Root' self "$authority"
certificate tsa '/C=CH/CN=Timestamps' tsaroot \
	'keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping'

echo 'int start(void) { return 42; }' >x.c
gcc -c -ffreestanding -fno-pic -fcf-protection=none -fno-asynchronous-unwind-tables x.c
objcopy -R .comment -R .note.gnu.property x.o
ld -m i386pep --subsystem 10 -e start -o plain.efi x.o || {
	echo "this ld makes no PE images"
	exit 77
}
sign() { # CERTIFICATE FROM TO ARGUMENT...
	certificate=$1 from=$2 to=$3
	shift 3
	rm -f "$to"
	osslsigncode sign -certs "$certificate.pem" -key "$certificate.key" -h sha256 \
		"$@" -in "$from" -out "$to" >sign.log 2>&1 || fail "osslsigncode: $(cat sign.log)"
}
now=$(date +%s)
sign leaf plain.efi signed.efi -n 'Example' -TSA-certs tsa.pem -TSA-key tsa.key \
	-TSA-time "$now"
sign tls plain.efi tls.efi

osslsigncode verify -in signed.efi -CAfile root.pem -TSA-CAfile tsaroot.pem \
	>verify.log 2>&1 || fail "osslsigncode does not take it: $(tail -n 3 verify.log)"

# ---- cabinets

if command -v gcab >/dev/null; then
	gcab -c plain.cab x.c
	sign leaf plain.cab signed.cab
	osslsigncode verify -in signed.cab -CAfile root.pem >verify.log 2>&1 ||
		fail "osslsigncode does not take it: $(tail -n 3 verify.log)"
	expect 0 'behind the cabinet' signed.cab --trust root.pem
	expect 4 'unsigned' plain.cab --trust root.pem
	{ cat signed.cab; echo more; } >longer.cab
	expect 4 '5 bytes follow the signature' longer.cab --trust root.pem
fi

# ---- what is trusted, and when

expect 0 '1 of 1 signature valid' signed.efi --trust root.pem \
	--trust-timestamp tsaroot.pem
expect 0 'valid timestamp' signed.efi --trust root.pem --trust-timestamp tsaroot.pem \
	--at signing-time
expect 0 'Signer (CH)' signed.efi --trust root.pem --at now
expect 4 'untrusted' signed.efi
expect 4 'untrusted' signed.efi --trust tsaroot.pem
expect 4 'untrusted' signed.efi --trust-timestamp root.pem
expect 4 'expired' signed.efi --trust root.pem --at 2099-01-01T00:00:00Z
expect 4 'was valid only from' signed.efi --trust root.pem --at 2001-01-01T00:00:00Z
expect 4 'wrong EKU' tls.efi --trust root.pem
expect 4 'unsigned' plain.efi --trust root.pem

# A fingerprint makes a certificate of the signature an anchor, not one that is missing.
fingerprint=$(openssl x509 -in leaf.pem -noout -fingerprint -sha256 | sed 's/.*=//')
expect 0 'valid' signed.efi --trust "sha256:$fingerprint"
sign leaf plain.efi chain.efi -ac root.pem
fingerprint=$(openssl x509 -in root.pem -noout -fingerprint -sha256 | sed 's/.*=//')
expect 0 'valid' chain.efi --trust "sha256:$fingerprint"

# ---- several files: the worst decides

expect 4 '1 of 2 signatures valid' signed.efi plain.efi --trust root.pem
expect 3 'No such file' signed.efi missing.efi --trust root.pem
printf 'just a text\n' >text
expect 3 'no signing scheme' text --trust root.pem
: >empty
expect 3 'not-checked' empty --trust root.pem

# ---- containers: members by their path, unsigned ones too

mkdir -p in/usr && cp signed.efi in/usr/
tar -cf good.tar -C in .
expect 0 '//./usr/signed.efi' good.tar --trust root.pem
cp plain.efi in/usr/other.efi
tar -cJf mixed.tar.xz -C in .
expect 4 'usr/other.efi' mixed.tar.xz --trust root.pem
tar -cf none.tar text
expect 3 'nothing in it' none.tar --trust root.pem
head -c 2000 good.tar >cut.tar
status=0
"$VERIFY" signatures cut.tar --trust root.pem >out 2>&1 || status=$?
[ "$status" -eq 3 ] || [ "$status" -eq 4 ] || fail "a cut tar ended with $status"

# ---- tampered

cp signed.efi tampered.efi
offset=$(objdump -h plain.efi | awk '$2 == ".text" { print $6 }')
printf 'X' | dd of=tampered.efi bs=1 seek=$((0x$offset)) conv=notrunc 2>/dev/null
expect 4 'is not the one that was signed' tampered.efi --trust root.pem
osslsigncode verify -in tampered.efi -CAfile root.pem >verify.log 2>&1 &&
	fail "osslsigncode takes it"
{ cat signed.efi; printf 'overlay!'; } >overlay.efi
expect 4 'follow the certificate table' overlay.efi --trust root.pem

# ---- hostile names

name=$(printf 'a\033[31m\nverdict: fine.efi')
cp tampered.efi "$name"
expect 4 'a\x1b[31m\nverdict: fine.efi' "$name" --trust root.pem
grep -q "$(printf '\033')" out && fail "a terminal escape came through"

# ---- usage

expect 2 'no SHA-256 fingerprint' signed.efi --trust sha256:12
expect 2 "--at takes" signed.efi --at yesterday
expect 2 'argument is missing' --trust root.pem
expect 2 'full OpenPGP fingerprint' signed.efi --signer pgp:1234
expect 2 'unknown' signed.efi --frobnicate
expect 0 '--trust-timestamp' --help

# ---- JSON: stable, and read back with the same verdict

"$VERIFY" signatures signed.efi --trust root.pem --trust-timestamp tsaroot.pem \
	--json one.json
"$VERIFY" signatures signed.efi --trust root.pem --trust-timestamp tsaroot.pem \
	--json two.json
sed '/^  "run": {/,$d' one.json >one
sed '/^  "run": {/,$d' two.json >two
cmp one two || fail "two runs differ"
grep -q '"country": "CH"' one || fail "no country"
grep -q '"program_name": "Example"' one || fail "no program name"
"$VERIFY" report one.json >out || fail "the findings cannot be read back"

# ---- a detached OpenPGP signature

if command -v gpg >/dev/null; then
	GNUPGHOME=$PWD/gnupg
	export GNUPGHOME
	mkdir -m 700 gnupg
	gpg --batch --quiet --passphrase '' --quick-generate-key 'Test <t@example.test>' \
		ed25519 sign never 2>/dev/null
	gpg --batch --export >keys.gpg
	gpg --batch --quiet --detach-sign text
	fingerprint=$(gpg --batch --with-colons --list-keys |
		sed -n 's/^fpr:*\([0-9A-F]*\):.*/\1/p' | head -n 1)
	gpgconf --kill all
	expect 0 '* valid: signature 1 of 1' text --detached text.sig --pgp-keyring keys.gpg \
		--signer "pgp:$fingerprint"
	expect 4 'openpgp' text --detached text.sig --pgp-keyring keys.gpg \
		--signer pgp:0123456789012345678901234567890123456789
	printf 'another text\n' >text
	expect 4 '* invalid: signature 1 of 1' text --detached text.sig --pgp-keyring keys.gpg
	expect 2 'too many arguments' text text --detached text.sig
fi

# ---- Debian's signed shim, when its archive can be reached

package=shim-signed=1.51~1+deb12u1+16.1-2~deb12u1
if timeout 30 apt-get download "$package" >/dev/null 2>&1; then
	dpkg-deb -x shim-signed_*.deb shim
	efi=shim/usr/lib/shim/shimx64.efi.signed
	set -- --trust \
		sha256:48:E9:9B:99:1F:57:FC:52:F7:61:49:59:9B:FF:0A:58:C4:71:54:22:9B:9F:8D:60:3A:C4:0D:35:00:24:85:07 \
		--trust \
		sha256:F6:12:4E:34:12:5B:EE:3F:E6:D7:9A:57:4E:AA:7B:91:C0:E7:BD:9D:92:9C:1A:32:11:78:EF:D6:11:DA:D9:01
	tsa=sha256:ebec1edd9e140d9c105cc62b15a915c5443ddc514a35e5773c09afb0274c7ba5
	expect 0 '2 of 2 signatures valid' $efi "$@" --trust-timestamp $tsa \
		--at signing-time
	expect 0 '2026-05-13T10:06:13Z' $efi "$@" --trust-timestamp $tsa
	expect 4 'untrusted' $efi
	expect 4 'expired' $efi "$@"
	expect 4 'expired' $efi "$@" --trust-timestamp $tsa --at now
	expect 0 '2 of 2 signatures valid' shim-signed_*.deb "$@" --trust-timestamp $tsa
else
	echo "the shim was not looked at: $package cannot be downloaded"
fi

# ---- Debian's own signatures: by sbsign on grub, by pesign on fwupd

# debian PACKAGE SIGNER FINGERPRINT: all that it holds is signed by that certificate.
debian() {
	timeout 60 apt-get download "$1" >/dev/null 2>&1 || {
		echo "$1 was not looked at: it cannot be downloaded"
		return 0
	}
	expect 4 'untrusted' "$1"_*.deb
	grep -q invalid out && fail "$1 is invalid"
	if grep -q "$2" out; then
		expect 0 "$2" "$1"_*.deb --trust "sha256:$3"
	else
		echo "$1 has another signer"
	fi
}
debian grub-efi-amd64-signed 'Debian Secure Boot Signer 2022 - grub2' \
	71024100bf7718749440e65f9360f8df6f9a28d0842d3a493dfcbfcbc478991d
debian fwupd-amd64-signed 'Debian Secure Boot Signer 2022 - fwupd' \
	a84a932361ca073ccc186d4cd5a465194e4b38aba08e01f7f5c4624cac361c77

# ---- what lies between signer and anchor, and anchors in a folder

certificate middle '/C=CH/O=Muster AG/CN=Middle' root "$authority"
certificate below '/C=CH/O=Muster AG/CN=Below' middle \
	'keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
sign below plain.efi below.efi
expect 4 'untrusted' below.efi --trust root.pem
expect 0 'Middle' below.efi --trust root.pem --intermediate middle.pem
expect 4 'untrusted' below.efi --intermediate middle.pem --intermediate root.pem
mkdir -p anchors && cp root.pem tsaroot.pem anchors/
expect 0 'anchor root.pem' signed.efi --trust anchors
mkdir -p none
expect 2 'holds no file' signed.efi --trust none

# ---- revocation, by list and by response; nothing is fetched

expect 0 'no data for 1 signature' signed.efi --trust root.pem
: >index.txt
printf '%s\n' '[ca]' 'default_ca=d' '[d]' 'database=index.txt' 'default_md=sha256' \
	'default_crl_days=30' 'crlnumber=crlnumber' 'unique_subject=no' >ca.conf
echo 01 >crlnumber
openssl ca -config ca.conf -gencrl -cert root.pem -keyfile root.key -out good.crl 2>/dev/null
openssl ca -config ca.conf -revoke leaf.pem -cert root.pem -keyfile root.key 2>/dev/null
openssl ca -config ca.conf -gencrl -cert root.pem -keyfile root.key -out bad.crl 2>/dev/null
expect 0 "not in its issuer's list" signed.efi --trust root.pem --crl good.crl
expect 4 'was revoked on' signed.efi --trust root.pem --crl good.crl --crl bad.crl
expect 2 'is no revocation list' signed.efi --trust root.pem --crl root.pem
# A list of another authority says nothing.
openssl ca -config ca.conf -gencrl -cert tsaroot.pem -keyfile tsaroot.key -out other.crl 2>/dev/null
expect 0 'no data for 1 signature' signed.efi --trust root.pem --crl other.crl

certificate responder '/C=CH/CN=Responder' root 'extendedKeyUsage=OCSPSigning'
answer() { # SIGNER OUT
	openssl ocsp -index index.txt -CA root.pem -issuer root.pem -cert leaf.pem \
		-rsigner "$1.pem" -rkey "$1.key" -respout "$2" -noverify >/dev/null 2>&1
}
answer responder revoked.ocsp
expect 4 'was revoked on' signed.efi --trust root.pem --ocsp revoked.ocsp
answer root revoked-ca.ocsp
expect 4 'was revoked on' signed.efi --trust root.pem --ocsp revoked-ca.ocsp
# Signed by a certificate that is not for this: it does not count.
answer tls false.ocsp
expect 0 'no data for 1 signature' signed.efi --trust root.pem --ocsp false.ocsp
serial=$(openssl x509 -in leaf.pem -noout -serial | sed 's/.*=//')
printf 'V\t351231235959Z\t\t%s\tunknown\t/CN=x\n' "$serial" >index.txt
answer responder good.ocsp
expect 0 'good in a response' signed.efi --trust root.pem --ocsp good.ocsp
expect 2 'is no OCSP response' signed.efi --trust root.pem --ocsp root.pem
