#!/usr/bin/env python3
"""sign.py IN OUT [TRICK...] [NAME=VALUE...]: sign a thin 64-bit Mach-O file, or a disk
image, for Apple's systems, by <kern/cs_blobs.h> and RFC 5652; openssl makes the value.

A signature that is there is replaced. cert=FILE and key=FILE (PEM) name the signer;
without them it is signed ad hoc. hash=sha1,sha256 gives the code directories, in order;
entitlements=FILE, info=FILE (an Info.plist) and resources=FILE (a CodeResources) are signed
too, others=FILE are certificates that come along, runtime=N is written down. Tricks: "ber" writes indefinite lengths; "gap"
ends the last page 32 bytes too early; "blind" leaves an image's trailer out; "page" spoils
a digest of the last directory; "keys" names another entitlement in DER; others are told where they stand.
"""
import base64
import hashlib
import plistlib
import struct
import subprocess
import sys

source, out = sys.argv[1:3]
options = dict(o.split("=", 1) for o in sys.argv[3:] if "=" in o)
tricks = {o for o in sys.argv[3:] if "=" not in o}
hashes = options.get("hash", "sha256").split(",")
TYPES = {"sha1": (1, 20), "sha256": (2, 32), "sha384": (4, 48)}
OIDS = {"sha1": "06052b0e03021a", "sha256": "0609608648016503040201",
        "sha384": "0609608648016503040202"}


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


# ---- DER ------------------------------------------------------------------

def der(tag, *parts, open_ended=False):
    value = b"".join(parts)
    if open_ended and "ber" in tricks:
        return bytes([tag, 0x80]) + value + b"\0\0"
    size = len(value)
    if size < 0x80:
        return bytes([tag, size]) + value
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(octets)]) + octets + value


def children(data):
    """The elements of a DER value, whole."""
    at = 0
    while at < len(data):
        size, header = data[at + 1], 2
        if size & 0x80:
            header = 2 + (size & 0x7f)
            size = int.from_bytes(data[at + 2:at + header], "big")
        yield data[at:at + header + size], data[at + header:at + header + size]
        at += header + size


def oid(text):
    return bytes.fromhex(text)


def algorithm(text):
    return der(0x30, oid(text), b"\x05\x00")


def attribute(text, *values):
    return der(0x30, oid(text), der(0x31, *values))


def signed_data(directories):
    """CMS over the first directory, with the attributes that name all of them."""
    certificate = openssl("x509", "-in", options["cert"], "-outform", "DER")
    body = [*children(next(children(certificate))[1])][0][1]
    fields = [whole for whole, _ in children(body)]
    serial, issuer = fields[1], fields[3]
    digests = [(h, hashlib.new(h, d).digest()) for h, d in zip(hashes, directories)]
    named = digests[:1] if "unnamed" in tricks else digests
    if "renamed" in tricks:
        named = [(h, bytes(len(d))) for h, d in digests]
    plist = ('<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n'
             "\t<key>cdhashes</key>\n\t<array>\n"
             + "".join("\t\t<data>\n\t\t%s\n\t\t</data>\n"
                       % base64.b64encode(d[:20]).decode() for _, d in named)
             + "\t</array>\n</dict>\n</plist>\n").encode()
    attributes = [
        attribute("06092a864886f70d010903", oid("06092a864886f70d010701")),
        attribute("06092a864886f70d010904",
                  der(0x04, hashlib.sha256(directories[0]).digest()))]
    if "bare" not in tricks:
        attributes += [
            attribute("06092a864886f763640901", der(0x04, plist)),
            attribute("06092a864886f763640902",
                      *(der(0x30, oid(OIDS[h]), der(0x04, d)) for h, d in named))]
    value = openssl("dgst", "-sha256", "-sign", options["key"],
                    data=der(0x31, *attributes))
    key = openssl("x509", "-in", options["cert"], "-noout", "-text")
    kind = "06082a8648ce3d040302" if b"id-ecPublicKey" in key else "06092a864886f70d010101"
    others = b""
    if "others" in options:
        with open(options["others"], "rb") as file:
            for part in file.read().split(b"-----BEGIN")[1:]:
                others += openssl("x509", "-outform", "DER", data=b"-----BEGIN" + part)
    signer = der(0x30, b"\x02\x01\x01", der(0x30, issuer, serial),
                 algorithm(OIDS["sha256"]), der(0xa0, *attributes),
                 der(0x30, oid(kind)), der(0x04, value))
    data = der(0x30, b"\x02\x01\x01", der(0x31, algorithm(OIDS["sha256"])),
               der(0x30, oid("06092a864886f70d010701"), open_ended=True),
               der(0xa0, certificate, others, open_ended=True), der(0x31, signer),
               open_ended=True)
    return der(0x30, oid("06092a864886f70d010702"), der(0xa0, data, open_ended=True),
               open_ended=True)


# ---- blobs ----------------------------------------------------------------

def blob(magic, data):
    return struct.pack(">II", magic, 8 + len(data)) + data


def directory(name, code, special):
    kind, size = TYPES[name]
    identifier, team = b"com.example.test\0", b"TEAM123456\0"
    limit = len(code) - (32 if "gap" in tricks else 0)
    pages = [hashlib.new(name, code[i:min(i + 4096, limit)]).digest()
             for i in range(0, limit, 4096)]
    if "page" in tricks and name == hashes[-1]:
        pages[-1] = bytes(size)
    slots = [bytes(size)] * max(special, default=0)
    for slot, data in special.items():
        slots[-slot] = hashlib.new(name, data).digest()
    flags = 0x10000 if "cert" in options else 2
    front = 96 + len(identifier) + len(team)
    body = struct.pack(
        ">IIIIIIIBBBBIIIIQQQQII", 0x20500, flags, front + size * len(slots), 96,
        len(slots), len(pages), limit, size, kind, 0, 12, 0, 0, 96 + len(identifier), 0,
        0, 0, 0, 0, int(options.get("runtime", "0"), 0), 0)
    return blob(0xfade0c02,
                body + identifier + team + b"".join(slots) + b"".join(pages))


def superblob(code, more=None):
    # requirements: an empty set
    blobs = {2: blob(0xfade0c01, struct.pack(">I", 0))}
    special = {**blobs, **(more or {})}
    if "entitlements" in options:
        with open(options["entitlements"], "rb") as file:
            plist = file.read()
        keys = sorted(plistlib.loads(plist))
        if "keys" in tricks:
            keys[0] += "x"
        blobs[5] = blob(0xfade7171, plist)
        blobs[7] = blob(0xfade7172, der(0x70, b"\x02\x01\x01", der(0xb0, *(
            der(0x30, der(0x0c, key.encode()), b"\x01\x01\xff") for key in keys))))
        special[5] = blobs[5]
        special[7] = blobs[7]
    for slot, option in ((1, "info"), (3, "resources")):
        if option in options:
            with open(options[option], "rb") as file:
                special[slot] = file.read()
    if "smuggle" in tricks:  # entitlements that no directory names
        del special[5]
    if "drop" in tricks:  # entitlements that are named, and not there
        del blobs[5]
    directories = [directory(name, code, special) for name in hashes]
    blobs[0] = directories[0]
    for i, other in enumerate(directories[1:]):
        blobs[0x1000 + i] = other
    blobs[0x10000] = blob(
        0xfade0b01,
        signed_data(directories) if "cert" in options and "strip" not in tricks else b"")
    offset = 12 + 8 * len(blobs)
    index = data = b""
    for slot, each in sorted(blobs.items()):
        index += struct.pack(">II", slot, offset + len(data))
        data += each
    return blob(0xfade0cc0, struct.pack(">I", len(blobs)) + index + data)


# ---- a disk image -----------------------------------------------------------

def sign_image(file):
    """In front of the trailer, whose digest is made with the signature's length as zero."""
    body, trailer = file[:-512], bytearray(file[-512:])
    place, length = struct.unpack_from(">QQ", trailer, 296)
    if length:
        del body[place:]
    struct.pack_into(">QQ", trailer, 296, len(body), 0)
    special = {} if "blind" in tricks else {6: bytes(trailer)}
    signature = superblob(bytes(body), special)
    struct.pack_into(">Q", trailer, 304, len(signature))
    return body + signature + trailer


# ---- a Mach-O file ----------------------------------------------------------

def commands(file):
    at = 32
    for _ in range(struct.unpack_from("<I", file, 16)[0]):
        command, size = struct.unpack_from("<II", file, at)
        yield at, command, size
        at += size


def sign_program(file):
    count, size = struct.unpack_from("<II", file, 16)
    place = [at for at, command, _ in commands(file) if command == 0x1d]
    if place:
        del file[struct.unpack_from("<I", file, place[0] + 8)[0]:]
    else:
        place = [32 + size]
        assert not any(file[place[0]:place[0] + 16]), "no room for a load command"
        struct.pack_into("<II", file, 16, count + 1, size + 16)
    file += bytes(-len(file) % 16)
    room = 4096 + 80 * (len(file) // 4096 + 32) + 8192
    struct.pack_into("<IIII", file, place[0], 0x1d, 16, len(file), room)
    for at, command, _ in commands(file):
        if command == 0x19 and file[at + 8:at + 18] == b"__LINKEDIT":
            start, = struct.unpack_from("<Q", file, at + 40)
            length = len(file) + room - start
            struct.pack_into("<Q", file, at + 32, -(-length // 16384) * 16384)
            struct.pack_into("<Q", file, at + 48, length)
    signature = superblob(bytes(file))
    assert len(signature) <= room
    tail = b"stale" if "stale" in tricks else b""
    return file + signature + tail + bytes(room - len(signature) - len(tail))


with open(source, "rb") as handle:
    content = bytearray(handle.read())
content = sign_image(content) if content[-512:-508] == b"koly" else sign_program(content)
with open(out, "wb") as handle:
    handle.write(content)
