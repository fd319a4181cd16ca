# verify signatures: Chromium's extensions, packed by Chromium where it is installed, and
# by openssl as its crx_creator.cc does it.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 zip jq

# crx OUT ARCHIVE ID-KEY [KEY...]: version 3, a proof by each key, the id of the first.
crx() { python3 "$SOURCE/testdata/signature/crx.py" "$@"; }

for name in one two; do
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $name.key 2>/dev/null
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
for name in one two short ec; do
	openssl pkey -in $name.key -pubout -out $name.pub
done
id=$(openssl pkey -in one.key -pubout -outform DER | sha256sum | head -c 32 | tr 0-9a-f a-p)
fingerprint=$(openssl pkey -in one.key -pubout -outform DER | sha256sum | cut -d' ' -f1)

mkdir ext
echo '{"name": "x", "version": "1", "manifest_version": 3}' >ext/manifest.json
seq 1 1000 >ext/numbers.js
(cd ext && zip -qX ../ext.zip manifest.json numbers.js)
sed -i 's/^500$/5OO/' ext/numbers.js
(cd ext && zip -qX ../other.zip manifest.json numbers.js)
sed -i 's/^5OO$/500/' ext/numbers.js

crx good.crx ext.zip one.key one.key
expect 0 "extension id: $id" good.crx --key one.pub
expect 0 '1 of 1 signature valid' good.crx --trust "sha256:$fingerprint"
expect 4 'untrusted' good.crx
expect 4 'untrusted' good.crx --key two.pub
expect 4 'untrusted' good.crx --trust-timestamp "sha256:$fingerprint"
size=$(wc -c <good.crx)
change good.crx content.crx $((size - 300))
expect 4 'does not fit' content.crx --key one.pub
change good.crx signature.crx 400
expect 4 'does not fit' signature.crx --key one.pub
{ cat good.crx && echo more; } >long.crx
expect 4 'does not fit' long.crx --key one.pub
crx stripped.crx ext.zip one.key
expect 4 'unsigned' stripped.crx --key one.pub
crx short.crx ext.zip short.key short.key
expect 4 'weak: RSA proof' short.crx --key short.pub

# Another's key over another content: with the old id, and with its own.
crx stolen.crx other.zip one.key two.key
expect 4 "none of the keys is the one that the extension's id is made of" stolen.crx --key two.pub
crx foreign.crx other.zip two.key two.key
expect 4 'untrusted' foreign.crx --key one.pub
# Two proofs: both good, one of somebody unknown, one bad.
crx both.crx ext.zip one.key one.key ec.key
expect 0 '2 of 2 signatures valid' both.crx --key one.pub --key ec.pub
expect 0 'role: other' both.crx --key one.pub --key ec.pub
expect 4 '1 of 2 signatures valid' both.crx --key one.pub
header=$(od -An -tu4 -j 8 -N 4 both.crx | tr -d ' ')
change both.crx bad.crx $((12 + header - 40)) # in the second signature
expect 4 '1 of 2 signatures valid' bad.crx --key one.pub --key ec.pub
# The header's size: too long, and longer by what follows it.
{ printf 'Cr24\3\0\0\0\377\377\377\377' && tail -c +13 good.crx; } >huge.crx
expect 4 'malformed' huge.crx --key one.pub
# shellcheck disable=SC2059
{ printf 'Cr24\3\0\0\0' && printf "\\$(printf %o $(((header + 1) % 256)))" && tail -c +10 both.crx; } >shifted.crx
expect 4 '' shifted.crx --key one.pub --key ec.pub
TWICE=1 crx twice.crx ext.zip one.key one.key
expect 4 'says something twice' twice.crx --key one.pub
UNKNOWN=1 crx unknown.crx ext.zip one.key one.key
expect 0 'bytes of unknown fields in the header' unknown.crx --key one.pub
{ printf 'Cr24\4\0\0\0' && tail -c +9 good.crx; } >version.crx
expect 3 'version' version.crx --key one.pub

# A policy names the bare key by its fingerprint, and holds it to its length.
policy() { # NAME FINGERPRINT BITS
	printf '%s\n' 'Format: verify-policy 1' 'Signers: any-of developer' "Minimum-RSA: $3" \
		'Schemes: crx' '' 'Trust: developer' "SHA256: $2" >"$1.policy"
}
policy fine "$fingerprint" 2048
policy long "$fingerprint" 3072
policy other "$(openssl pkey -in two.key -pubout -outform DER | sha256sum | cut -d' ' -f1)" 2048
expect 0 'ok Signers: any-of developer' good.crx --policy fine.policy
expect 0 'ok Signers: any-of developer' both.crx --policy fine.policy
expect 4 'FAIL Minimum-RSA: 3072 expected 3072; found 2048' good.crx --policy long.policy
expect 4 'FAIL Signers: any-of developer' good.crx --policy other.policy
expect 4 'FAIL Signers: any-of developer' content.crx --policy fine.policy

# Version 2: SHA-1.
openssl dgst -sha1 -sign one.key ext.zip >signature
openssl pkey -in one.key -pubout -outform DER >key
python3 - <<'P'
key, signature, archive = (open(name, 'rb').read() for name in ('key', 'signature', 'ext.zip'))
open('old.crx', 'wb').write(b'Cr24\2\0\0\0' + len(key).to_bytes(4, 'little') +
    len(signature).to_bytes(4, 'little') + key + signature + archive)
P
expect 4 'sha1 is broken' old.crx --key one.pub
change old.crx oldbad.crx $(($(wc -c <old.crx) - 300))
expect 4 'does not fit' oldbad.crx --key one.pub

# Past the signature: another signer's extension, or the plain archive.
compare() { # VERDICT SHIPPED REBUILT
	"$VERIFY" compare "$2" "$3" --json json >out 2>&1 || true
	[ "$(jq -r .verdict.bytes json)" = "$1" ] || fail "$2 and $3 are not $1"
}
compare reproduced-except-signature good.crx ext.zip
crx again.crx ext.zip two.key two.key ec.key
compare reproduced-except-signature good.crx again.crx
compare reproduced-except-signature old.crx ext.zip
compare differs good.crx other.zip
compare differs unknown.crx ext.zip # what else is in the header is no signature

# ---- Chromium's own

command -v chromium >/dev/null || {
	echo "crx: no chromium: its own packing is not tested" >>"${VERIFY_SKIPS:-/dev/null}"
	exit 0
}
chromium --no-sandbox --headless --user-data-dir="$PWD/profile" --pack-extension="$PWD/ext" \
	--pack-extension-key="$PWD/one.key" >/dev/null 2>&1 || true
[ -s ext.crx ] || {
	echo "crx: chromium does not pack here" >>"${VERIFY_SKIPS:-/dev/null}"
	exit 0
}
expect 0 "extension id: $id" ext.crx --key one.pub
change ext.crx changed.crx $(($(wc -c <ext.crx) - 300))
expect 4 'does not fit' changed.crx --key one.pub
