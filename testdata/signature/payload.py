"""payload.py OUT [KEY...]: an update payload with the partitions boot and system, as
update_engine's payload_signer.cc signs it. In the environment, what is changed before
signing: DELTA=1: an operation that patches; REACH=1: one that takes data from the
signatures; TWICE=1: the place of the signatures twice; AFTER=1: bytes behind them; PAD=BYTE:
what fills up the shorter signatures; HALF=1: no payload signatures. Writes ./message, ./sizes
and ./boot.img, ./system.img, of which the partitions are made."""
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
