# verify signatures: every kind of file that osslsigncode signs, each as it is, changed,
# stripped, expired, by another's anchor and weak; and the attacks on PE images.
# osslsigncode's word must be the same, where nothing else is said.
set -eu
osslsigncode --help 2>&1 | grep -q -e -TSA-certs || {
	echo "needs an osslsigncode (2.6) that knows all of these"
	exit 77
}
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl osslsigncode gcc ld gcab wixl python3 zip

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate other '/C=CH/O=Other/CN=Other' self "$authority"
certificate leaf '/C=CH/O=Muster AG/CN=Signer' root "$code"
certificate small '/C=CH/O=Muster AG/CN=Small' root "$code" 1024
certificate tls '/C=CH/CN=www' root 'extendedKeyUsage=serverAuth'

sign() { # CERTIFICATE FROM TO ARGUMENT...
	certificate=$1 from=$2 to=$3
	shift 3
	rm -f "$to"
	osslsigncode sign -certs "$certificate.pem" -key "$certificate.key" -h sha256 \
		"$@" -in "$from" -out "$to" >sign.log 2>&1 ||
		fail "osslsigncode: $(cat sign.log)"
}
agree() { # yes|no FILE
	answer=no
	osslsigncode verify -CAfile root.pem -in "$2" >tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "osslsigncode says $answer of $2: $(cat tool.log)"
}
trust() { set -- "$@" --trust root.pem; expect "$@"; }
offset() { grep -abo -- "$2" "$1" | head -n 1 | cut -d: -f1; }

# value_of FILE: where the last bytes of its signature are, which are of the value.
value_of() {
	rm -f value.der
	osslsigncode extract-signature -in "$1" -out value.der >/dev/null 2>&1 ||
		fail "no signature in $1"
	python3 -c 'import sys; d, v = (open(n, "rb").read() for n in sys.argv[1:])
print(d.rindex(v[-16:]) + 8)' "$1" value.der
}

# ---- one file of each kind

echo 'int start(void) { return 42; } char text[] = "a text in the data of it";' >x.c
gcc -c -ffreestanding -fno-pic -fcf-protection=none -fno-asynchronous-unwind-tables x.c
objcopy -R .comment -R .note.gnu.property x.o
ld -m i386pep -s --subsystem 10 -e start -o plain.exe x.o || {
	echo "this ld makes no PE images"
	exit 77
}
echo 'a text in the data of it' >text
gcab -nc plain.cab text >/dev/null
cat >x.wxs <<'W'
<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>
<Product Id='11111111-2222-3333-4444-555555555555' Name='Thing' Language='1033'
 UpgradeCode='11111111-2222-3333-4444-555555555556' Version='1.0' Manufacturer='M'>
<Package InstallerVersion='200' Id='11111111-2222-3333-4444-555555555557'/>
<Directory Id='TARGETDIR' Name='SourceDir'/>
<Feature Id='M' Level='1'/><Binary Id='bin' SourceFile='text'/></Product></Wix>
W
wixl -o plain.msi x.wxs
python3 "$SOURCE/testdata/signature/appx.py" plain.appx
printf 'Write-Host "a text in the data of it"\r\n' >plain.ps1
printf 'class X { string a_text_in_the_data_of_it; };\r\n' >plain.mof
printf '<Configuration>a text in the data of it</Configuration>\r\n' >plain.ps1xml

# ---- the table

for kind in exe cab msi appx ps1 mof ps1xml; do
	sign leaf plain.$kind good.$kind
	agree yes good.$kind
	trust 0 'Signer (CH)' good.$kind
	at=$(offset good.$kind 'text.in.the.data' || true)
	[ -n "$at" ] || at=$(offset good.$kind '20202') # of the package
	change good.$kind content.$kind "$at"
	agree no content.$kind
	trust 4 'invalid' content.$kind
	# A bit of the signature's value: near the end of its bytes, or of its base64.
	case $kind in
	exe | cab) at=$(($(wc -c <good.$kind) - 16)) ;;
	msi) at=$(value_of good.$kind) ;;
	appx) at= ;; # it is compressed: see appx.sh
	*) at=$(($(wc -c <good.$kind) - 60)) ;;
	esac
	if [ -n "$at" ]; then
		change good.$kind value.$kind "$at"
		agree no value.$kind
		trust 4 'invalid' value.$kind
	fi
	trust 4 'expired' good.$kind --at 2099-01-01T00:00:00Z
	trust 4 'was valid only from' good.$kind --at 2001-01-01T00:00:00Z
	expect 4 'untrusted' good.$kind --trust other.pem
	sign small plain.$kind weak.$kind
	trust 4 'weak' weak.$kind
	sign tls plain.$kind tls.$kind
	trust 4 'wrong EKU' tls.$kind
done
for kind in exe cab msi appx; do
	osslsigncode remove-signature -in good.$kind -out stripped.$kind >/dev/null 2>&1 ||
		cp plain.$kind stripped.$kind
	trust 4 'unsigned' stripped.$kind
done
# A script is signed by nobody as a rule: that it was is gone with the block.
trust 3 'not-checked' plain.ps1

# ---- attacks on PE images

# attack FROM TO PYTHON: change `d`, a bytearray; `table` and `size` are directory 4's,
# `put` writes a number of four bytes, `at` is the place of directory 4.
attack() {
	python3 - "$1" "$2" "$3" <<'P'
import struct, sys
d = bytearray(open(sys.argv[1], 'rb').read())
pe, = struct.unpack_from('<L', d, 60)
at = pe + 24 + (112 if d[pe + 24] == 0x0b and d[pe + 25] == 2 else 96) + 32
table, size = struct.unpack_from('<LL', d, at)
def put(where, value): struct.pack_into('<L', d, where, value)
def number(where): return struct.unpack_from('<L', d, where)[0]
exec(sys.argv[3])
open(sys.argv[2], 'wb').write(d)
P
}
sections=$(objdump -h plain.exe | awk '$2 == ".text" { print $6 }')

# 1: bytes stuffed inside WIN_CERTIFICATE (CVE-2013-3900): osslsigncode 2.9 takes them.
attack good.exe one.exe 'd += b"payload!"; put(table, number(table) + 8); put(at + 4, size + 8)'
agree yes one.exe
trust 4 'nobody signed follow the signature inside' one.exe
# 2: bytes in directory 4 that no entry has.
attack good.exe two.exe 'd += b"payload!"; put(at + 4, size + 8)'
trust 4 'invalid' two.exe
# 3: bytes after the table, and a table that overlaps a section or ends past the file.
attack good.exe three.exe 'd += b"payload!"'
trust 4 '8 bytes follow the certificate table' three.exe
attack good.exe three.exe "put(at, 0x$sections)"
trust 4 'invalid' three.exe
attack good.exe three.exe 'put(at + 4, size + 4096)'
trust 4 'invalid' three.exe
# 4: a byte of the image, and one of what pads the table's entry.
change good.exe four.exe "$((0x$sections))"
agree no four.exe
trust 4 'is not the one that was signed' four.exe
attack good.exe four.exe 'assert d[-1] == 0; d[-1] = 1'
trust 4 'nobody signed' four.exe
# 5: the checksum is signed by nobody, and says nothing.
attack good.exe five.exe 'd[pe + 88] ^= 1'
agree yes five.exe
trust 0 'CheckSum is 0x' five.exe
# 6: two certificates, the second one a copy, or false: the worst counts, all are told.
attack good.exe six.exe 'd += d[table:table + size]; put(at + 4, 2 * size)'
trust 0 'the same signature as entry 0' six.exe
trust 0 '2 of 2 signatures valid' six.exe
attack good.exe six.exe 'd += d[table:table + size]; put(at + 4, 2 * size); d[-16] ^= 1'
trust 4 '1 of 2 signatures valid' six.exe
attack good.exe six.exe 'd += d[table:table + size]; put(at + 4, 2 * size); d[table + size - 16] ^= 1'
trust 4 '1 of 2 signatures valid' six.exe
sign tls good.exe six.exe -nest
trust 4 'wrong EKU' six.exe
trust 4 '1 of 2 signatures valid' six.exe
# 7: a payload among the unsigned attributes.
osslsigncode add -addUnauthenticatedBlob -in good.exe -out seven.exe >/dev/null 2>&1 ||
	fail 'osslsigncode adds no blob'
agree yes seven.exe
trust 4 'that nobody signed' seven.exe
# 17: an archive behind the image, which readers of archives open from its end; one that
# was there before signing is signed.
zip -q -X x.zip text
{ cat good.exe; cat x.zip; } >seventeen.exe
trust 4 'invalid' seventeen.exe
{ cat plain.exe; cat x.zip; } >both.exe
sign leaf both.exe signed-both.exe
agree yes signed-both.exe
trust 0 'Signer (CH)' signed-both.exe
# 20: the signature of another image.
sed 's/a text in/A text in/' plain.exe >another.exe
sign leaf another.exe signed-another.exe
python3 - <<'P'
import struct
a, b = (bytearray(open(n, 'rb').read()) for n in ('good.exe', 'signed-another.exe'))
pe, = struct.unpack_from('<L', a, 60)
table, = struct.unpack_from('<L', a, pe + 24 + 112 + 32)
open('swapped.exe', 'wb').write(a[:table] + b[table:])
P
trust 4 'is not the one that was signed' swapped.exe

# ---- a signature that is taken for none when it is compared

for kind in exe cab msi; do
	"$VERIFY" compare good.$kind plain.$kind >out 2>&1 || fail "$kind: not the signature alone"
	grep -q 'signature-only' out || fail "$kind: no signature-only"
	"$VERIFY" compare content.$kind plain.$kind >out 2>&1 && fail "$kind: a change is passed over"
done
exit 0
