"""crx.py OUT ARCHIVE ID-KEY [KEY...]: an extension of version 3 as Chromium's crx_creator.cc
makes it, with a proof by each key and the id of the first. In the environment: UNKNOWN=1: a
field more in the header; TWICE=1: the signed data twice. Writes ./message."""
import hashlib, os, subprocess, sys
def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data
def run(*command, data=None):
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout
out, archive, own, *keys = sys.argv[1:]
archive = open(archive, 'rb').read()
spki = lambda key: run('openssl', 'pkey', '-in', key, '-pubout', '-outform', 'DER')
signed = field(1, hashlib.sha256(spki(own)).digest()[:16])
message = b'CRX3 SignedData\0' + len(signed).to_bytes(4, 'little') + signed + archive
open('message', 'wb').write(message)
header = b''
for key in keys:
    proof = field(1, spki(key)) + field(2, run('openssl', 'dgst', '-sha256', '-sign', key, 'message'))
    header += field(3 if 'ec' in key else 2, proof)
header += field(10000, signed) * (2 if os.environ.get('TWICE') else 1)
if os.environ.get('UNKNOWN'):
    header += field(77, b'hidden')
open(out, 'wb').write(b'Cr24\3\0\0\0' + len(header).to_bytes(4, 'little') + header + archive)
