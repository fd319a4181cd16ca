#!/usr/bin/env python3
"""make.py VERSION [TRICK]: write a compound file ([MS-CFB]) to standard output.

It holds the storage "folder" with the stream "large" (5000 bytes, in sectors), the
stream "small" (100 bytes, in two pieces of the root's stream) and an empty one.

Layout, in sectors: FAT | directory | miniFAT | the root's stream | large | free
"""
import struct
import sys

version, trick = int(sys.argv[1]), (sys.argv[2:] or [""])[0]
sector = 512 if version == 3 else 4096
FREE, END, FAT, NONE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
MTIME = (1_600_000_000 + 11_644_473_600) * 10_000_000

large = bytes(range(250)) * 20
small = b"small " * 17
small = small[:100]


def padded(data, filler=b"\0"):
    return data + filler * (-len(data) % sector)


def entry(name, kind, left=NONE, right=NONE, child=NONE, start=0, size=0, mtime=0):
    text = name.encode("utf-16-le")
    return struct.pack(
        "<64sHBBIII16sIQQIQ", text, len(text) + 2 if name else 0, kind, 1, left,
        right, child, bytes(range(16)) if kind == 1 else b"", 0, 0, mtime, start,
        size)


in_sector = sector // 128
directory_sectors = -(-5 // in_sector)
large_sectors = -(-len(large) // sector)
at_directory = 1
at_minifat = at_directory + directory_sectors
at_mini = at_minifat + 1
at_large = at_mini + 1
at_free = at_large + large_sectors

entries = [
    entry("Root Entry", 5, child=1, start=at_mini, size=128),
    entry("folder", 1, left=2, right=3, child=4, mtime=MTIME),
    entry("small" if trick != "twice" else "\u4840x", 2, start=0, size=100),
    entry("none" if trick != "twice" else "!x", 2, start=END),
    entry("large", 2, start=at_large, size=len(large)),
]
if trick == "circle-directory":
    entries[4] = entry("large", 2, left=1, start=at_large, size=len(large))
if trick == "unreachable":
    entries[1] = entry("folder", 1, left=2, right=3, mtime=MTIME)
if trick == "shared":
    entries[3] = entry("none", 2, start=at_large, size=len(large))
while len(entries) < directory_sectors * in_sector:
    entries.append(entry("", 0))

fat = [FAT]
fat += [n + 1 for n in range(at_directory, at_minifat - 1)] + [END]
fat += [END, END]
fat += [n + 1 for n in range(at_large, at_free - 1)] + [END]
fat += [FREE]
if trick == "circle":
    fat[at_free - 1] = at_large
if trick == "lost":
    fat[at_free] = END
if trick == "short":
    fat[at_large] = END
fat += [FREE] * (sector // 4 - len(fat))
minifat = [1, END] + [FREE] * (sector // 4 - 2)
if trick == "circle-small":
    minifat[1] = 0

header = struct.pack(
    "<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, version,
    0xFFFE, 9 if version == 3 else 12, 6, b"",
    0 if version == 3 else directory_sectors, 1, at_directory, 0, 4096, at_minifat, 1,
    END, 0)
header += struct.pack("<109I", 0, *[FREE] * 108)

out = padded(header)
out += struct.pack(f"<{len(fat)}I", *fat)
out += b"".join(entries)
out += struct.pack(f"<{len(minifat)}I", *minifat)
out += padded(small + (b"\0" if trick != "slack-small" else b"hidden!") * 4)
out += padded(large, b"\0" if trick != "slack" else b"x")
out += (b"\0" if trick != "free" else b"f") * sector
if trick == "after":
    out += b"a" * sector * (sector // 4)
sys.stdout.buffer.write(out)
