# verify signatures: Windows packages (.appx), signed by osslsigncode, whose word must be
# the same where nothing else is said.
set -eu
osslsigncode --help 2>&1 | grep -q -e -TSA-certs || {
	echo "needs an osslsigncode (2.6) that knows packages"
	exit 77
}
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl osslsigncode python3

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate other '/C=CH/O=Other/CN=Other' self "$authority"
certificate leaf '/C=CH/O=Muster AG/CN=Signer' root "$code"
certificate small '/C=CH/O=Muster AG/CN=Small' root "$code" 1024
certificate tls '/C=CH/CN=www' root 'extendedKeyUsage=serverAuth'
authority_of_time tsaroot tsa

make() { # OUT TRICK...
	to=$1
	shift
	python3 "$SOURCE/testdata/signature/appx.py" "$to" "$@" || fail "appx.py $to"
}
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
	osslsigncode verify -CAfile root.pem -TSA-CAfile tsaroot.pem -in "$2" \
		>tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "osslsigncode says $answer of $2: $(cat tool.log)"
}
trust() { set -- "$@" --trust root.pem --trust-timestamp tsaroot.pem; expect "$@"; }
offset() { grep -abo -- "$2" "$1" | tail -n "${3:-1}" | head -n 1 | cut -d: -f1; }

# ---- good ones

for kind in zip zip64 integrity; do
	make "plain-$kind.appx" "$kind"
	sign leaf "plain-$kind.appx" "$kind.appx"
	agree yes "$kind.appx"
	trust 0 'digests: AXPC AXCD AXCT AXBM' "$kind.appx"
	trust 0 '3 files held to their digests' "$kind.appx"
	"$VERIFY" signatures "$kind.appx" --trust root.pem --json - >json
	grep -q '"covers": "all"' json || fail 'not all is covered'
	grep -q '"unexplained": 0' json || fail 'bytes are unexplained'
done
trust 0 'AXBM AXCI' integrity.appx
sign leaf plain-zip.appx stamped.appx -TSA-certs tsa.pem -TSA-key tsa.key \
	-TSA-time "$(date +%s)" -n 'Example'
agree yes stamped.appx
trust 0 'valid timestamp' stamped.appx

# ---- the table: tampered, stripped, expired, wrong anchor, weak

for kind in zip zip64; do
	change "$kind.appx" "content-$kind.appx" "$(offset "$kind.appx" '20202')"
	agree no "content-$kind.appx"
	trust 4 'its AXPC, sha256, differs' "content-$kind.appx"
	# the attributes of a file, in the directory
	change "$kind.appx" "mode-$kind.appx" "$(($(offset "$kind.appx" x.txt) - 6))"
	agree no "mode-$kind.appx"
	trust 4 'its AXCD, sha256, differs' "mode-$kind.appx"
done
change zip.appx value.appx "$(($(offset zip.appx 'AppxSignature.p7x' 2) + 600))"
agree no value.appx
trust 4 'invalid' value.appx
trust 4 'unsigned' plain-zip.appx
trust 4 'expired' zip.appx --at 2099-01-01T00:00:00Z
expect 4 'untrusted' zip.appx
expect 4 'untrusted' zip.appx --trust other.pem
sign small plain-zip.appx weak.appx
trust 4 'weak' weak.appx
sign tls plain-zip.appx tls.appx
trust 4 'wrong EKU' tls.appx

# ---- bytes that nobody signed, and a signature of something else

{ cat zip.appx; printf x; } >behind.appx
trust 4 'invalid' behind.appx
{ printf x; cat zip.appx; } >before.appx
trust 4 'invalid' before.appx
# move FROM TO: the signature of one package in another.
move() {
	python3 - "$@" <<'P'
import struct, sys
data, other = (open(name, 'rb').read() for name in sys.argv[1:3])
def parts(d):
    end = d.rindex(b'PK\5\6')
    offset, = struct.unpack_from('<L', d, end + 16)
    local = d.rindex(b'PK\3\4', 0, offset)
    header = d.rindex(b'PK\1\2')
    return local, offset, header, end
l, o, h, e = parts(data)
L, O, H, E = parts(other)
# all of the other one's, then the header of ours
directory = other[O:H] + data[h:h + 42] + struct.pack('<L', L) + data[h + 46:e]
body = other[:L] + data[l:o]
open(sys.argv[3], 'wb').write(body + directory + other[E:E + 12] + struct.pack(
    '<LL', len(directory), len(body)) + other[E + 20:])
P
}
make plain-more.appx integrity
sign leaf plain-more.appx more.appx
move zip.appx more.appx moved.appx
agree no moved.appx
trust 4 'is not the one that was signed' moved.appx
trust 4 'lacks the digest AXCI' moved.appx

# ---- block maps that are signed and say other than the files: osslsigncode does not look

for trick in wrong size; do
	make "plain-$trick.appx" "$trick"
	sign leaf "plain-$trick.appx" "$trick.appx"
	agree yes "$trick.appx"
	trust 4 "says other of 'x.txt'" "$trick.appx"
done
make plain-absent.appx more
sign leaf plain-absent.appx absent.appx
trust 4 'lists 4 files, of which the package has 3' absent.appx
make plain-unlisted.appx unlisted
sign leaf plain-unlisted.appx unlisted.appx
trust 0 "the block map does not list 'x.txt'" unlisted.appx
make plain-method.appx method
if osslsigncode sign -certs leaf.pem -key leaf.key -in plain-method.appx \
	-out method.appx >/dev/null 2>&1; then
	trust 3 "digest method is not known" method.appx
fi
