#!/usr/bin/env python3
"""make.py OUT FILE... [TRICK...] [NAME=VALUE...]: write a xar archive of files, signed as
macOS packages are; openssl makes the values.

cert=FILE and key=FILE (PEM) name the signer, others=FILE certificates that come along;
style=rsa,cms which signatures there are; hash=sha1 or sha256 (the default) the algorithm of
all checksums. Tricks break something: "header" names another algorithm in the header,
"comment" puts a comment into the table of contents, "nosum" leaves the first file's checksum
out, "twice" gives it two offsets.
"""
import base64
import hashlib
import os
import struct
import subprocess
import sys
import zlib

TRICKS = {"header", "comment", "nosum", "twice"}
out = sys.argv[1]
options = dict(a.split("=", 1) for a in sys.argv[2:] if "=" in a)
tricks = {a for a in sys.argv[2:] if a in TRICKS}
files = [a for a in sys.argv[2:] if "=" not in a and a not in TRICKS]
name = options.get("hash", "sha256")
styles = options.get("style", "rsa,cms").split(",") if "cert" in options else []
ROOM = {"rsa": 256, "cms": 8192}


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          stdout=subprocess.PIPE).stdout


def digest(data):
    return hashlib.new(name, data)


def certificates():
    with open(options["cert"], "rb") as file:
        text = file.read()
    if "others" in options:
        with open(options["others"], "rb") as file:
            text += file.read()
    for part in text.split(b"-----BEGIN")[1:]:
        yield openssl("x509", "-outform", "DER", data=b"-----BEGIN" + part)


def signature(style, offset):
    tag = "signature" if style == "rsa" else "x-signature"
    keys = "".join("<X509Certificate>%s</X509Certificate>"
                   % base64.encodebytes(c).decode() for c in certificates())
    return (f'<{tag} style="{style.upper()}"><offset>{offset}</offset>'
            f"<size>{ROOM[style]}</size>"
            '<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>'
            f"{keys}</X509Data></KeyInfo></{tag}>\n")


def member(index, path, heap, base):
    with open(path, "rb") as file:
        plain = file.read()
    stored = zlib.compress(plain) if index % 2 else plain
    kind = "x-gzip" if index % 2 else "octet-stream"
    offset = base + len(heap)
    heap += stored
    checksum = (f'<archived-checksum style="{name}">{digest(stored).hexdigest()}'
                "</archived-checksum>")
    if index == 0 and "nosum" in tricks:
        checksum = ""
    twice = f"<offset>{offset}</offset>" if index == 0 and "twice" in tricks else ""
    return (f'<file id="{index + 1}"><data>{twice}<length>{len(stored)}</length>'
            f"<offset>{offset}</offset><size>{len(plain)}</size>"
            f'<encoding style="application/{kind}"/>'
            f'<extracted-checksum style="{name}">{digest(plain).hexdigest()}'
            f"</extracted-checksum>{checksum}</data><mode>0644</mode>"
            f"<type>file</type><name>{os.path.basename(path)}</name></file>\n")


size = digest(b"").digest_size
base, heap, head = size, bytearray(), ""
for each in styles:
    head += signature(each, base)
    base += ROOM[each]
body = "".join(member(i, path, heap, base) for i, path in enumerate(files))
comment = "<!-- nothing -->" if "comment" in tricks else ""
toc = ('<?xml version="1.0" encoding="UTF-8"?>\n<xar>\n<toc>\n'
       f'<checksum style="{name}"><offset>0</offset><size>{size}</size></checksum>\n'
       f"{comment}{head}{body}</toc>\n</xar>\n").encode()
packed = zlib.compress(toc)
checksum = digest(packed).digest()
signed = b""
for each in styles:
    if each == "rsa":
        value = openssl("pkeyutl", "-sign", "-inkey", options["key"], "-pkeyopt",
                        f"digest:{name}", data=checksum)
    else:
        more = ["-certfile", options["others"]] if "others" in options else []
        with open("checksum.tmp", "wb") as file:
            file.write(checksum)
        value = openssl("cms", "-sign", "-binary", "-outform", "DER", "-md", "sha256",
                        "-in", "checksum.tmp", "-signer", options["cert"], "-inkey",
                        options["key"], *more)
        os.remove("checksum.tmp")
    signed += value + bytes(ROOM[each] - len(value))
number = {"sha1": 1, "sha256": 3}[name] if "header" not in tricks else 2
with open(out, "wb") as file:
    file.write(struct.pack(">4sHHQQI", b"xar!", 28, 1, len(packed), len(toc), number))
    file.write(packed + checksum + signed + heap)
