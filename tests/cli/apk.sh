# verify signatures: Android packages, made and signed by their own tools, whose word
# must be the same.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need zip zipalign apksigner keytool jarsigner python3

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
expect 4 'no signature of any version' plain.apk --trust first.pem

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

# ---- the JAR signature (v1) alone, which covers the entries and not the archive

sign_v1() { # OUT KEY
	sign "$1" "$2" --v1-signing-enabled true --v2-signing-enabled false \
		--v3-signing-enabled false --min-sdk-version 21
}
agree_v1() { # yes|no FILE
	answer=no
	apksigner verify --min-sdk-version 21 --max-sdk-version 23 "$2" >tool.log 2>&1 &&
		answer=yes
	[ "$answer" = "$1" ] || fail "apksigner says $answer of $2: $(cat tool.log)"
}
# entry FROM TO CODE: python code changes the entries, a list of [name, bytes].
entry() {
	python3 - "$@" <<'P'
import sys, warnings, zipfile
warnings.simplefilter('ignore')
source, to, code = sys.argv[1:]
with zipfile.ZipFile(source) as z:
    e = [[i.filename, z.read(i)] for i in z.infolist()]
find = lambda end: next(x for x in e if x[0].endswith(end))
exec(code)
with zipfile.ZipFile(to, 'w') as z:
    for name, data in e:
        z.writestr(name, data)
P
}
v1() { # NAME TEXT CODE: neither of both accepts it
	entry v1.apk "$1.apk" "$3"
	agree_v1 no "$1.apk"
	expect 4 "$2" "$1.apk" --trust first.pem
}
sign_v1 v1.apk first
agree_v1 yes v1.apk
expect 0 'apk-v1' v1.apk --trust first.pem
expect 0 'apk-v1' all.apk --trust first.pem
expect 4 'untrusted' v1.apk --trust second.pem
expect 4 'expired' v1.apk --trust first.pem --at 2099-01-01T00:00:00Z
entry v1.apk v1-same.apk pass
agree_v1 yes v1-same.apk # nobody signed how the entries lie
expect 0 'apk-v1' v1-same.apk --trust first.pem
v1 v1-content "not those that were signed: 'classes.dex'" 'find(".dex")[1] += b"x"'
v1 v1-added "entries that it does not cover: 'evil.dex'" 'e.append(["evil.dex", b"x"])'
v1 v1-gone "not there: 'classes.dex'" 'e.remove(find(".dex"))'
v1 v1-file 'invalid' 'find(".SF")[1] += b"X: y\r\n\r\n"'
v1 v1-value 'was not made by' \
	'b = find(".RSA"); b[1] = b[1][:-1] + bytes([b[1][-1] ^ 1])'
v1 v1-block 'the signature of this signature file is not there' 'e.remove(find(".RSA"))'
v1 v1-manifest 'the archive has no manifest' 'e.remove(find(".MF"))'
v1 v1-none 'unsigned' 'e[:] = [x for x in e if not x[0].startswith("META-INF/")]'
v1 v1-twice "two entries have the name 'classes.dex'" 'e.append(["classes.dex", b"x"])'
# nobody needs to sign what lies in META-INF: apksigner only warns of it
entry v1.apk channel.apk 'e.append(["META-INF/services/x", b"shop"])'
agree_v1 yes channel.apk
grep -q 'not protected by signature' tool.log || fail 'apksigner does not warn'
expect 0 "it does not cover 1 of the entries: 'META-INF/services/x'" channel.apk \
	--trust first.pem
# bytes before the archive are another program to whoever reads from the start (Janus)
{ printf 'dex\n035\0'; cat v1.apk; } >janus.apk
expect 4 'as Android reads them' janus.apk --trust first.pem
zip -q -A janus.apk
expect 4 'before the first record' janus.apk --trust first.pem
# MD5 and SHA-1: made by jarsigner, which can still do it
jarsigner -keystore first.ks -storepass password -digestalg SHA1 -sigalg SHA1withRSA \
	-signedjar v1-sha1.apk plain.apk x >sign.log 2>&1 || fail "jarsigner: $(cat sign.log)"
agree_v1 yes v1-sha1.apk
expect 4 'are by broken algorithms alone' v1-sha1.apk --trust first.pem

# ---- trees of fs-verity: in the block, and in a file beside the package (v4)

sign verity.apk first --verity-enabled
agree yes verity.apk
expect 0 '2 of 2 signatures valid' verity.apk --trust first.pem
change verity.apk verity-end.apk "$(($(wc -c <verity.apk) - 14))"
expect 4 'for fs-verity of the package is another one' verity-end.apk --trust first.pem
# agree_v4 yes|no FILE IDSIG: it "verifies" as long as another signature does, so that
# what it says of this one has to be read.
agree_v4() {
	answer=no
	apksigner verify -v --min-sdk-version 28 --v4-signature-file "$3" "$2" \
		>tool.log 2>&1 || true
	grep -q 'v4 scheme .*: true' tool.log && answer=yes
	[ "$answer" = "$1" ] || fail "apksigner says $answer of $3: $(cat tool.log)"
}
v4() { # STATUS TEXT FILE IDSIG
	expect "$1" "$2" "$3" --detached "$4" --trust first.pem
}
for with in '' --verity-enabled; do
	# shellcheck disable=SC2086 # none is no argument
	sign v4.apk first --v4-signing-enabled true $with
	agree_v4 yes v4.apk v4.apk.idsig
	v4 0 'of v4.apk (apk-v4)' v4.apk v4.apk.idsig
done
tar -cf v4.tar v4.apk v4.apk.idsig
expect 0 'beside the file' v4.tar --trust first.pem # found by its name
expect 4 'untrusted' v4.apk --detached v4.apk.idsig --trust second.pem
expect 4 'expired' v4.apk --detached v4.apk.idsig --trust first.pem \
	--at 2099-01-01T00:00:00Z
change v4.apk v4-other.apk "$(($(offset v4.apk '123456') + 2))"
agree_v4 no v4-other.apk v4.apk.idsig
v4 4 'the root of its tree differs' v4-other.apk v4.apk.idsig
python3 - <<'P'
import struct
d = open('v4.apk.idsig', 'rb').read()
signing = 8 + struct.unpack_from('<I', d, 4)[0]
size = struct.unpack_from('<I', d, signing)[0]
places = {'root': signing - 1, 'digest': signing + 8, 'tree': len(d) - 1,
          'value': signing + 4 + size - 1}
for name, at in places.items():
    b = bytearray(d)
    b[at] ^= 1
    open(name + '.idsig', 'wb').write(b)
open('more.idsig', 'wb').write(d + b'x')
open('treeless.idsig', 'wb').write(d[:signing + 4 + size])
P
for name in root digest value tree; do agree_v4 no v4.apk "$name.idsig"; done
v4 4 'the root of its tree differs' v4.apk root.idsig
v4 4 'that it signs is none of this package' v4.apk digest.idsig
v4 4 'the RSA signature is false' v4.apk value.idsig
v4 4 'the tree that comes along is not that of the file' v4.apk tree.idsig
v4 0 'of v4.apk (apk-v4)' v4.apk treeless.idsig
v4 4 'invalid' v4.apk more.idsig

# ---- the source stamp: told, and decides nothing, as with Android

agree_stamp() { # true|false FILE
	apksigner verify -v --min-sdk-version 24 "$2" >tool.log 2>&1 || true
	grep -q "SourceStamp: $1" tool.log || fail "apksigner of $2: $(cat tool.log)"
}
key stamp RSA 2048
apksigner sign --ks first.ks --ks-pass pass:password --stamp-signer --ks stamp.ks \
	--ks-pass pass:password --min-sdk-version 24 --v1-signing-enabled false \
	--v4-signing-enabled false --out stamp.apk plain.apk >sign.log 2>&1 || fail "apksigner: $(cat sign.log)"
agree_stamp true stamp.apk
expect 0 "source stamp of 'CN=stamp', whom nobody was asked to trust" stamp.apk \
	--trust first.pem
python3 - <<'P'
d = open('stamp.apk', 'rb').read()
at = d.index(bytes.fromhex('0d80ff6d'))
size = int.from_bytes(d[at - 8:at], 'little')
certificate = int.from_bytes(d[at + 8:at + 12], 'little')
for name, place in (('certificate', at + 12 + certificate - 1), ('value', at + size - 1),
                    ('schemes', at + 12 + certificate + 60)):
    b = bytearray(d)
    b[place] ^= 1
    open('stamp-%s.apk' % name, 'wb').write(b)
P
for name in certificate value schemes; do
	agree_stamp false "stamp-$name.apk"
	expect 0 'is false' "stamp-$name.apk" --trust first.pem
	grep -q 'whom nobody was asked' out && fail "the stamp of $name holds"
done

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
