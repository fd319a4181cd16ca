# verify signatures: Android's update payloads, put together as update_metadata.proto says,
# and signed by openssl as update_engine's payload_signer.cc does.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 jq

# payload OUT [KEY...]: the partitions boot and system.
payload() { python3 "$SOURCE/testdata/signature/payload.py" "$@"; }

for name in one two; do
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $name.key 2>/dev/null
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
for name in one two short ec; do
	openssl pkey -in $name.key -pubout -out $name.pub
done
# Devices hold a certificate, of which update_engine takes the key alone.
openssl req -new -x509 -key one.key -subj '/CN=Release' -days 1 -out one.pem

payload good.bin one.key
. ./sizes
cp boot.img boot && cp system.img system
expect 0 '2 of 2 signatures valid' good.bin --key one.pub
expect 0 'metadata signature, at offset' good.bin --key one.pem
expect 0 'payload signature, at offset' good.bin --key one.pub
expect 4 'untrusted' good.bin
expect 4 'untrusted' good.bin --key ec.pub --key short.pub
expect 4 'does not fit' good.bin --key two.pub

# Put together, the partitions are what they were made of.
"$VERIFY" unpack good.bin unpacked >out 2>&1 || fail "cannot be unpacked"
cmp boot unpacked/boot.img && cmp system unpacked/system.img || fail "partitions differ"

change good.bin data.bin $(($(wc -c <good.bin) - 1000))
expect 4 '1 of 2 signatures valid' data.bin --key one.pub
"$VERIFY" list data.bin >out 2>&1 || true
grep -q 'SHA-256 that the manifest says' out || fail "data.bin: nothing is said"
change good.bin manifest.bin 40
expect 4 '0 of 2 signatures valid' manifest.bin --key one.pub
# shellcheck disable=SC2154 # of the file "sizes"
change good.bin first.bin $((signatures + 100))
expect 4 '1 of 2 signatures valid' first.bin --key one.pub
change good.bin second.bin $(($(wc -c <good.bin) - 50))
expect 4 '1 of 2 signatures valid' second.bin --key one.pub
payload stripped.bin
expect 4 'unsigned' stripped.bin --key one.pub
HALF=1 payload half.bin one.key
expect 4 'there is no payload signature' half.bin --key one.pub
{ cat good.bin && echo more; } >long.bin
expect 4 "5 bytes behind the payload's signatures" long.bin --key one.pub
{ head -c 4 good.bin && printf '\0\0\0\0\0\0\0\1' && tail -c +13 good.bin; } >version.bin
expect 3 'version' version.bin --key one.pub
{ head -c 12 good.bin && printf '\177\377\377\377\377\377\377\377' && tail -c +21 good.bin; } >huge.bin
expect 4 'malformed' huge.bin --key one.pub
{ head -c 20 good.bin && printf '\0\0\0\0' && tail -c +25 good.bin; } >moved.bin
expect 4 'invalid' moved.bin --key one.pub

# What was signed so is still not good.
payload short.bin short.key
expect 4 'has only 1024 bits' short.bin --key short.pub
REACH=1 payload reach.bin one.key
expect 4 "takes its data from where the payload's signatures are" reach.bin --key one.pub
TWICE=1 payload twice.bin one.key
expect 4 'says something twice' twice.bin --key one.pub
AFTER=1 payload after.bin one.key
expect 4 "4 bytes behind the payload's signatures" after.bin --key one.pub
DELTA=1 payload delta.bin one.key
expect 0 '2 of 2 signatures valid' delta.bin --key one.pub
status=0
"$VERIFY" list delta.bin >out 2>&1 || status=$?
[ "$status" -eq 3 ] || fail "listing delta.bin ended with $status"
grep -q 'is not put together: operation 2 patches' out || fail "delta.bin: nothing is said"

# Elliptic curves, filled up; two keys, one of them unknown, one signature bad.
payload ec.bin ec.key
expect 0 '2 of 2 signatures valid' ec.bin --key ec.pub
PAD=1 payload padded.bin ec.key
expect 4 'the signature is malformed' padded.bin --key ec.pub
payload both.bin one.key two.key
expect 0 '4 of 4 signatures valid' both.bin --key one.pub --key two.pub
expect 4 '2 of 4 signatures valid' both.bin --key one.pub
change both.bin bad.bin $(($(wc -c <both.bin) - 50))
expect 4 '3 of 4 signatures valid' bad.bin --key one.pub --key two.pub
