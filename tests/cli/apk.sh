# verify signatures: Android packages, made and signed by their own tools, whose word
# must be the same.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need zip zipalign apksigner keytool python3

mkdir -p d/assets
printf 'no real manifest\n' >d/AndroidManifest.xml
printf 'dex\n035\0' >d/classes.dex
seq 1 300000 >d/assets/numbers # more than one chunk
(cd d && zip -q -X -0 ../raw.apk AndroidManifest.xml classes.dex assets/numbers)
zipalign 4 raw.apk plain.apk
key() { # NAME ALGORITHM SIZE
	keytool -genkeypair -keystore "$1.ks" -storetype PKCS12 -storepass password \
		-alias x -keyalg "$2" -keysize "$3" -dname "CN=$1" -validity 9 2>/dev/null
	keytool -exportcert -rfc -keystore "$1.ks" -storepass password -alias x \
		>"$1.pem" 2>/dev/null
}
key first RSA 2048
key second EC 256
sign() { # OUT KEY ARGUMENT...
	to=$1 key=$2
	shift 2
	apksigner sign --ks "$key.ks" --ks-pass pass:password --min-sdk-version 28 \
		--v1-signing-enabled false --v4-signing-enabled false "$@" --out "$to" \
		plain.apk >sign.log 2>&1 || fail "apksigner: $(cat sign.log)"
}
agree() { # yes|no FILE
	answer=no
	apksigner verify --min-sdk-version 28 "$2" >tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "apksigner says $answer of $2: $(cat tool.log)"
}

sign v2.apk first --v3-signing-enabled false
sign v3.apk first --v2-signing-enabled false
sign both.apk second
for name in v2 v3 both; do agree yes "$name.apk"; done
expect 0 'apk-v2' v2.apk --trust first.pem
expect 0 'apk-v3' v3.apk --trust first.pem
expect 0 'apk-v2' both.apk --trust second.pem
expect 0 'apk-v3' both.apk --trust second.pem
expect 4 'untrusted' v2.apk --trust second.pem
expect 3 'no signature of v2 or v3' plain.apk --trust first.pem

# ---- a change in the entries, the end record, and what is signed

offset() { grep -abo -- "$2" "$1" | tail -n 1 | cut -d: -f1; }
change v3.apk content.apk "$(($(offset v3.apk '123456') + 2))"
cp v3.apk comment.apk && printf x >>comment.apk
size=$(wc -c <v3.apk)
change v3.apk end.apk "$((size - 14))" # the count of entries
for name in content end; do
	agree no "$name.apk"
	expect 4 'invalid' "$name.apk" --trust first.pem
done
expect 4 'of the package is another one' content.apk --trust first.pem
expect 4 'invalid' comment.apk --trust first.pem
subject=$(offset v3.apk first)
change v3.apk subject.apk "$subject"
agree no subject.apk
expect 4 'signature with sha256 is false' subject.apk --trust first.pem

# ---- a version that was taken off, and pairs that nobody signed

# pair FROM TO ID NEW: the id of a pair of the block becomes another one.
pair() {
	python3 - "$@" <<'P'
import sys
source, to, old, new = sys.argv[1:]
old, new = (int(x, 16).to_bytes(4, 'little') for x in (old, new))
data = open(source, 'rb').read()
assert data.count(old) == 1
open(to, 'wb').write(data.replace(old, new))
P
}
pair both.apk stripped.apk f05368c0 42726577
agree no stripped.apk
expect 4 'signed with v3 too, which was taken off' stripped.apk --trust second.pem
pair both.apk unknown.apk 42726577 11223344
agree yes unknown.apk # which does not look at it
expect 4 'of an unknown kind, 0x11223344, which nobody signed' unknown.apk --trust second.pem
expect 0 'signing block: padding' both.apk --trust second.pem
change both.apk padding.apk "$(($(offset both.apk 'APK Sig Block') - 30))"
agree yes padding.apk # nor at this
expect 4 'the padding of the signing block is not zero' padding.apk --trust second.pem
pair both.apk twice.apk f05368c0 7109871a
expect 4 'has two pairs 0x7109871a' twice.apk --trust second.pem

# A JAR signature says that there was a block: without it, the package is not whole.
sign all.apk first --v1-signing-enabled true --min-sdk-version 21
agree yes all.apk
expect 0 'apk-v2' all.apk --trust first.pem
python3 - <<'P'
data = open('all.apk', 'rb').read()
end = data.rindex(b'PK\5\6')
directory = int.from_bytes(data[end + 16:end + 20], 'little')
block = directory - int.from_bytes(data[directory - 24:directory - 16], 'little') - 8
rest = data[directory:end + 16] + block.to_bytes(4, 'little') + data[end + 20:]
open('jar-only.apk', 'wb').write(data[:block] + rest)
P
! apksigner verify --min-sdk-version 21 jar-only.apk >tool.log 2>&1 || fail "apksigner accepts it"
expect 4 'its JAR signature says so' jar-only.apk --trust first.pem

# ---- keys that hand over

apksigner rotate --out lineage --old-signer --ks first.ks --ks-pass pass:password \
	--new-signer --ks second.ks --ks-pass pass:password 2>rotate.log ||
	fail "apksigner rotate: $(cat rotate.log)"
apksigner sign --ks first.ks --ks-pass pass:password --next-signer --ks second.ks \
	--ks-pass pass:password --lineage lineage --min-sdk-version 28 \
	--v1-signing-enabled false --v2-signing-enabled false --v4-signing-enabled false \
	--out rotated.apk plain.apk >sign.log 2>&1 || fail "apksigner: $(cat sign.log)"
agree yes rotated.apk
expect 0 '2 keys, each signed by the one before' rotated.apk --trust second.pem
