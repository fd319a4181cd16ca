"""mar.py OUT [ALGORITHM:KEY...]: an update archive of the files in ./in, as libmar's
mar_create.c and mar_sign.c make it. In the environment: INSIDE=1: a member in the first
signature; AFTER=1: bytes behind the index, counted; OLD=1: as before there were signatures.
Writes ./message."""
import os, subprocess, sys
def be(n, size=4): return n.to_bytes(size, 'big')
out, *signers = sys.argv[1:]
signers = [signer.split(':') for signer in signers]
sizes = {'1': 'sha1', '2': 'sha384', '3': 'sha512'}
def length(key):
    return len(subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key, os.devnull], stdout=subprocess.PIPE, check=True).stdout)
old = os.environ.get('OLD')
product = b'release-cdn\0' + b'128.5.0\0'
sections = be(1) + be(8 + len(product)) + be(1) + product
heads = [be(int(a)) + be(length(k)) for a, k in signers]
block = sum(8 + length(k) for a, k in signers)
content = 8 if old else 20 + block + len(sections)
index, data = b'', b''
for name in sorted(os.listdir('in')):
    bytes_ = open('in/' + name, 'rb').read()
    index += be(content + len(data)) + be(len(bytes_)) + be(0o644) + name.encode() + b'\0'
    data += bytes_
if os.environ.get('INSIDE'):
    index += be(28) + be(16) + be(0o755) + b'evil\0'
end = b'' if not os.environ.get('AFTER') else b'more'
tail = data + be(len(index)) + index + end
total = content + len(tail)
first = b'MAR1' + be(content + len(data))
if old:
    open(out, 'wb').write(first + tail)
    sys.exit()
first += be(total, 8) + be(len(signers))
open('message', 'wb').write(first + b''.join(heads) + sections + tail)
made = b''
for (algorithm, key), head in zip(signers, heads):
    made += head + subprocess.run(['openssl', 'dgst', '-' + sizes[algorithm], '-sign', key, 'message'], stdout=subprocess.PIPE, check=True).stdout
open(out, 'wb').write(first + made + sections + tail)
