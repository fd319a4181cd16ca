#!/usr/bin/env python3
"""appx.py OUT [TRICK...]: write an unsigned Windows package (.appx).

Two files and a manifest, their block map, and the list of content types; as zip64 with
the trick "zip64", with a catalogue of code with "integrity". "wrong" makes the block map
say other of a file, "size" of its size, "unlisted" leaves one out, "more" lists one that
is not there, "method" takes a digest that nobody has.
"""
import base64
import hashlib
import struct
import sys
import zlib

out, tricks = sys.argv[1], sys.argv[2:]
FILES = {
    "AppxManifest.xml": b"<Package><Identity Name='x'/></Package>\n",
    "Assets/a&b%20c.txt": "".join(f"{i}\n" for i in range(30000)).encode(),
    "x.txt": b"one\n" * 300,
}
TYPES = (b'<?xml version="1.0" encoding="UTF-8"?>\n<Types xmlns="http://schemas.openxml'
         b'formats.org/package/2006/content-types"><Default Extension="txt" ContentType='
         b'"text/plain"/><Default Extension="xml" ContentType="application/vnd.ms-appx.'
         b'manifest+xml"/><Override PartName="/AppxBlockMap.xml" ContentType='
         b'"application/vnd.ms-appx.blockmap+xml"/></Types>')


def block_map():
    xml = ""
    for name, data in FILES.items():
        if name == "x.txt" and "unlisted" in tricks:
            continue
        shown = name.replace("/", "\\").replace("&", "&amp;").replace("%20", " ")
        size = len(data) + (name == "x.txt" and "size" in tricks)
        if name == "x.txt" and "wrong" in tricks:
            data = b"two" + data[3:]
        blocks = "".join('<Block Hash="%s"/>' % base64.b64encode(hashlib.sha256(
            data[at:at + 65536]).digest()).decode() for at in range(0, len(data), 65536))
        xml += f'<File Name="{shown}" Size="{size}" LfhSize="{30 + len(name)}">{blocks}</File>'
    if "more" in tricks:
        xml += '<File Name="absent.txt" Size="0" LfhSize="40"/>'
    method = "http://www.w3.org/2001/04/xmlenc#sha256"
    if "method" in tricks:
        method = "urn:nobody"
    return ('<?xml version="1.0" encoding="UTF-8" standalone="no"?>\n<BlockMap xmlns="http:'
            f'//schemas.microsoft.com/appx/2010/blockmap" HashMethod="{method}">{xml}'
            '</BlockMap>').encode()


members = {**FILES, "AppxBlockMap.xml": block_map(), "[Content_Types].xml": TYPES}
if "integrity" in tricks:
    members["AppxMetadata/CodeIntegrity.cat"] = b"no real catalogue"
entries = directory = b""
for name, data in members.items():
    packed, method = data, 0
    if name == "[Content_Types].xml":  # osslsigncode 2.9 writes it deflated anyhow
        packed, method = zlib.compress(data, 9)[2:-4], 8
    common = struct.pack("<HHHHHLLLHH", 45, 0, method, 0x6000, 0x5a21, zlib.crc32(data),
                         len(packed), len(data), len(name), 0)
    directory += (b"PK\1\2\x2d\0" + common + struct.pack("<HHHLL", 0, 0, 0, 0,
                  len(entries)) + name.encode())
    entries += b"PK\3\4" + common + name.encode() + packed
count, size, offset = len(members), len(directory), len(entries)
end = b""
if "zip64" in tricks:
    end += b"PK\6\6" + struct.pack("<QHHLLQQQQ", 44, 45, 45, 0, 0, count, count, size, offset)
    end += b"PK\6\7" + struct.pack("<LQL", 0, offset + size, 1)
    count, size, offset = 0xffff, 0xffffffff, 0xffffffff
end += b"PK\5\6" + struct.pack("<HHHHLLH", 0, 0, count, count, size, offset, 0)
with open(out, "wb") as file:
    file.write(entries + directory + end)
