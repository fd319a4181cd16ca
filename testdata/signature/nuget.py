#!/usr/bin/env python3
"""nuget.py PACKAGE OUT NAME [OPTION...]: sign a NuGet package with NAME.pem and NAME.key.

As "Package Signatures Technical Details" of NuGet's documentation says it: the digest of
the package as it is goes into signed data, and that is added to the zip as its last
entry, stored. Options:

    role=author|repository|none  what the first signer is
    counter=NAME                 a repository that countersigns
    tsa=FILE, counter-tsa=FILE   timestamps, by a configuration of openssl-ts(1)
    text=TEXT                    another text is signed
    stuff=TEXT                   an unsigned attribute carries it
    flip=N                       a bit of the N-th byte from the signature's end
    about=FILE                   the digest of another package
    entry=compressed|extra|first|twice|comment    an entry that NuGet does not write
"""
import base64
import hashlib
import struct
import sys
import zlib

sys.dont_write_bytecode = True
import cms  # noqa: E402

ORIGIN, RECEIPT = "1.2.840.113549.1.9.16.6.1", "1.2.840.113549.1.9.16.6.2"
COMMITMENT = "1.2.840.113549.1.9.16.2.16"
INDEX, OWNERS = "1.3.6.1.4.1.311.84.2.1.1.1", "1.3.6.1.4.1.311.84.2.1.1.2"


def role(name):
    if name == "none":
        return []
    kind = ORIGIN if name == "author" else RECEIPT
    attributes = [cms.attribute(COMMITMENT, cms.sequence(cms.oid(kind)))]
    if name == "repository":
        attributes += [
            cms.attribute(INDEX, cms.der(0x16, b"https://packages.example/index")),
            cms.attribute(OWNERS, cms.sequence(cms.der(0x0c, b"muster")))]
    return attributes


def sign(package, name, options):
    digest = hashlib.sha256(package).digest()
    text = (f"Version:1\n\n{cms.SHA256}-Hash:{base64.b64encode(digest).decode()}\n\n")
    content = options.get("text", text).encode()
    cert = cms.certificate(name + ".pem")
    certificates = [cert]

    def unsigned(value):
        if "tsa" in options:
            yield cms.token(value, options["tsa"])
        if "stuff" in options:
            yield cms.attribute("1.2.3.4", cms.octets(options["stuff"].encode()))
        if "counter" in options:
            other = cms.certificate(options["counter"] + ".pem")
            certificates.append(other)
            tsa = options.get("counter-tsa")
            yield cms.attribute(cms.COUNTERSIGNATURE, cms.signer(
                other, options["counter"] + ".key", value, None, role("repository"),
                lambda inner: [cms.token(inner, tsa)] if tsa else []))

    info = cms.signer(cert, name + ".key", content, cms.DATA,
                      role(options.get("role", "author")), unsigned)
    return cms.signed_data(cms.octets(content), info, certificates)


def entry(content, how):
    """Local header with content, and the central header, which lacks the offset."""
    name, extra, comment = b".signature.p7s", b"", b""
    stored, method = content, 0
    if how == "compressed":
        stored, method = zlib.compress(content)[2:-4], 8
    if how == "extra":
        extra = struct.pack("<HH8s", 0x7777, 8, b"unsigned")
    if how == "comment":
        comment = b"unsigned"
    common = struct.pack("<HHHHHLLLHH", 20, 0, method, 0x6000, 0x5a21,
                         zlib.crc32(content), len(stored), len(content), len(name),
                         len(extra))
    return (b"PK\3\4" + common + name + extra + stored,
            b"PK\1\2\x14\0" + common + struct.pack("<HHHL", len(comment), 0, 0, 0),
            name + extra + comment)


def add(package, content, how):
    end = package.rindex(b"PK\5\6")
    count, size, offset = struct.unpack_from("<HLL", package, end + 10)
    local, central, names = entry(content, how)
    header = central + struct.pack("<L", offset) + names
    entries, directory = package[:offset], package[offset:offset + size]
    if how == "first":
        directory = header + directory
    elif how == "twice":
        directory += header + header
        count += 1
    else:
        directory += header
    entries += local
    return (entries + directory + package[end:end + 8] +
            struct.pack("<HHLL", count + 1, count + 1, len(directory), len(entries)) +
            package[end + 20:])


def main():
    source, out, name, *rest = sys.argv[1:]
    options = dict(item.split("=", 1) for item in rest)
    with open(source, "rb") as file:
        package = file.read()
    about = package
    if "about" in options:
        with open(options["about"], "rb") as file:
            about = file.read()
    content = bytearray(sign(about, name, options))
    if "flip" in options:
        content[-int(options["flip"])] ^= 1
    result = add(package, bytes(content), options.get("entry"))
    with open(out, "wb") as file:
        file.write(result)


main()
