#!/usr/bin/env python3
"""make.py IN OUT: write a disk image of macOS (UDIF) that holds the file IN as its one
partition, in runs that zlib compressed. 7-Zip takes it."""
import base64
import struct
import sys
import zlib

SECTOR, RUN = 512, 512 * 512
source, out = sys.argv[1:3]
with open(source, "rb") as file:
    plain = file.read()
plain += bytes(-len(plain) % SECTOR)
sectors = len(plain) // SECTOR

data, runs, count = b"", b"", 0
for at in range(0, len(plain), RUN):
    part = plain[at:at + RUN]
    packed = zlib.compress(part)
    # an entry: type, comment, first sector, sectors, offset, length
    runs += struct.pack(">IIQQQQ", 0x80000005, 0, at // SECTOR, len(part) // SECTOR,
                        len(data), len(packed))
    data += packed
    count += 1
runs += struct.pack(">IIQQQQ", 0xffffffff, 0, sectors, 0, len(data), 0)
checksum = struct.pack(">III", 2, 32, zlib.crc32(plain)) + bytes(124)
table = struct.pack(">4sIQQQII24x", b"mish", 1, 0, sectors, 0, 520, 0) + checksum \
    + struct.pack(">I", count + 1) + runs
plist = ('<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n'
         "<key>resource-fork</key>\n<dict>\n<key>blkx</key>\n<array>\n<dict>\n"
         "<key>Attributes</key>\n<string>0x0050</string>\n<key>Data</key>\n<data>\n"
         f"{base64.b64encode(table).decode()}\n</data>\n<key>ID</key>\n<string>0</string>\n"
         "<key>Name</key>\n<string>whole disk</string>\n</dict>\n</array>\n</dict>\n"
         "</dict>\n</plist>\n").encode()
trailer = struct.pack(">4sIIIQQQQQII16s", b"koly", 4, 512, 1, 0, 0, len(data), 0, 0, 1, 1,
                      b"verify disk imag")
trailer += struct.pack(">III", 2, 32, zlib.crc32(data)) + bytes(124)
trailer += struct.pack(">QQ", len(data), len(plist)) + bytes(120)
trailer += struct.pack(">III", 2, 32, zlib.crc32(checksum[8:12])) + bytes(124)
trailer += struct.pack(">IQ12x", 1, sectors)
assert len(trailer) == 512
with open(out, "wb") as file:
    file.write(data + plist + trailer)
