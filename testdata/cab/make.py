#!/usr/bin/env python3
"""make.py [TRICK...]: write a cabinet ([MS-CAB]) to standard output.

Two folders, each with one data block: "one.txt" and "sub\\two.txt" share the first, in
the second is "three.bin". Tricks: "lzx" codes the second folder with LZX, as one block
that is not compressed; "reserve" gives every record a reserve; others break something.
"""
import struct
import sys

tricks = sys.argv[1:]
one, two, three = b"one\n", b"two\n" * 100, bytes(range(256)) * 4
reserve = (6, 3, 5) if "reserve" in tricks else (0, 0, 0)


def checksum(data, value=0):
    whole = len(data) // 4 * 4
    for (word,) in struct.iter_unpack("<I", data[:whole]):
        value ^= word
    return value ^ int.from_bytes(data[whole:], "big")


def lzx(data):
    """A frame: no E8 translation, block type 3, its length in 24 bits, R0 to R2."""
    bits = f"0{3:03b}{len(data):024b}".ljust(32, "0")
    words = [int(bits[i:i + 16], 2) for i in (0, 16)]
    return struct.pack("<HHIII", *words, 1, 1, 1) + data


def block(data, size):
    data_reserve = b"d" * reserve[2]
    head = struct.pack("<HH", len(data), size) + data_reserve
    value = checksum(head[:4] if "whole-sum" not in tricks else head, checksum(data))
    if "checksum" in tricks:
        value ^= 1
    if "no-checksum" in tricks:
        value = 0
    return struct.pack("<I", value) + head + data


def entry(name, size, offset, folder):
    # 2020-09-13 12:26:40, archive
    return struct.pack("<IIHHHH", size, offset, folder, 40 << 9 | 9 << 5 | 13,
                       12 << 11 | 26 << 5 | 20, 0x20) + name + b"\0"


coded = lzx(three) if "lzx" in tricks else three
blocks = [block(one + two, len(one + two)), block(coded, len(three))]
if "goes-on" in tricks:  # a block without bytes of its own is in the next cabinet
    blocks[0] = block(b"", 0) + blocks[0]
names = [b"one.txt", b"sub\\two.txt", b"three.bin"]
if "twice" in tricks:
    names[2] = b"ONE.txt"
files = entry(names[0], len(one), 0, 0) + entry(names[1], len(two), len(one), 0)
files += entry(names[2], len(three), 0, 0xFFFE if "set" in tricks else 1)
flags = 4 * ("reserve" in tricks) + 2 * ("set" in tricks)
extra = b""
if "reserve" in tricks:
    extra += struct.pack("<HBB", *reserve) + b"h" * reserve[0]
if "set" in tricks:
    extra += b"next.cab\0disk 2\0"
folder_size = 8 + reserve[1]
at_files = 36 + len(extra) + 2 * folder_size
at = at_files + len(files)
folders = b""
for i, data in enumerate(blocks):
    kind = 0x0F03 if i == 1 and "lzx" in tricks else 0
    count = 2 if i == 0 and "goes-on" in tricks else 1
    folders += struct.pack("<IHH", at, count, kind) + b"f" * reserve[1]
    at += len(data)
end = at + (100 if "longer" in tricks else 0)
out = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, end, 0, at_files, 0, 3, 1, 2, 3, flags,
                  7, 0) + extra + folders + files + b"".join(blocks)
sys.stdout.buffer.write(out + (b"hidden" if "after" in tricks else b""))
