# verify signatures: Android's update payloads, put together as update_metadata.proto says,
# and signed by openssl as update_engine's payload_signer.cc does.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 jq

# payload OUT [KEY...]: the partitions boot and system. What is changed before signing:
# DELTA=1: an operation that patches; REACH=1: one that takes data from the signatures;
# TWICE=1: the place of the signatures twice; AFTER=1: bytes behind them.
# PAD=BYTE: what fills up the shorter signatures; HALF=1: no payload signatures.
cat >payload.py <<'P'
import bz2, hashlib, lzma, os, subprocess, sys
option = os.environ.get
def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
def number(field, n): return varint(field << 3) + varint(n)
def field(field, data): return varint(field << 3 | 2) + varint(len(data)) + data
out, *keys = sys.argv[1:]
BLOCK = 4096
boot = b''.join(b'%d\n' % i for i in range(3000))[:2 * BLOCK]
system = os.urandom(BLOCK) + b'text ' * 3276 + b'1234' + bytes(4 * BLOCK) + b'end.' * 1024
system = system[:10 * BLOCK]
open('boot.img', 'wb').write(boot)
open('system.img', 'wb').write(system)
data = b''
def operation(kind, image, start, count):
    global data
    bytes_ = image[start * BLOCK:(start + count) * BLOCK]
    packed = {0: lambda b: b, 1: bz2.compress, 6: lambda b: b'', 4: lambda b: b'',
              8: lambda b: lzma.compress(b, check=lzma.CHECK_NONE)}[kind](bytes_)
    made = number(1, kind)
    if packed:
        made += number(2, len(data)) + number(3, len(packed)) + field(8, hashlib.sha256(packed).digest())
        data += packed
    if kind == 4:
        made += field(4, number(1, 0) + number(2, count))
    return field(8, made + field(6, number(1, start) + number(2, count)))
def partition(name, image, operations):
    info = number(1, len(image)) + field(2, hashlib.sha256(image).digest())
    return field(13, field(1, name) + field(7, info) + operations)
manifest = number(3, BLOCK) + number(12, 0)
manifest += partition(b'boot', boot, operation(8, boot, 0, 2))
tail = operation(4 if option('DELTA') else 6, system, 5, 4)
manifest += partition(b'system', system, operation(0, system, 0, 1) + operation(1, system, 1, 4)
    + tail + operation(0, system, 9, 1))
def signatures(message):
    open('message', 'wb').write(message)
    made = [subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key, 'message'], stdout=subprocess.PIPE, check=True).stdout for key in keys]
    longest = 256 if len(keys) == 1 and 'ec' in keys[0] else max(map(len, made), default=0)
    pad = bytes([int(option('PAD', '0'))])
    return b''.join(field(1, field(2, one + pad * (longest - len(one))) + varint(3 << 3 | 5) +
        len(one).to_bytes(4, 'little')) for one in made)
size = len(signatures(b''))
half = option('HALF')
if option('REACH'):
    manifest += partition(b'evil', bytes(BLOCK), field(8, number(1, 0) + number(2, len(data) - 4000) +
        number(3, BLOCK) + field(6, number(1, 0) + number(2, 1))))
if keys and not half:
    manifest += (number(4, len(data)) + number(5, size)) * (2 if option('TWICE') else 1)
head = b'CrAU' + (2).to_bytes(8, 'big') + len(manifest).to_bytes(8, 'big') + size.to_bytes(4, 'big')
file = head + manifest + signatures(head + manifest) + data
if not half:
    file += signatures(head + manifest + data)
open(out, 'wb').write(file + (b'more' if option('AFTER') else b''))
open('sizes', 'w').write('signatures=%d\n' % (24 + len(manifest)))
P
payload() { python3 payload.py "$@"; }

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
