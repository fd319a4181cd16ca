#!/usr/bin/env python3
"""opc.py OUT NAME [OPTION...]: write a signed extension of Visual Studio (.vsix), by
NAME.pem and NAME.key, an RSA key; ECMA-376, part 2, and XML Signature say how.

    out=PART        that part is not signed
    change=PART     that part is changed after signing
    missing=PART    that part is signed and not there
    list            the list of parts is changed after signing
    value           a bit of the signature's value is changed
    sha1            signed with SHA-1
    none            no part is signed
    twice           two objects have the Id that is signed
    comment|entity  in the signature's XML, where no reader here follows
    type            a part is of another type than was signed
    transform       a part is referred to through a transform
"""
import base64
import hashlib
import subprocess
import sys
import zipfile

out, name, *rest = sys.argv[1:]
options = dict((item.split("=", 1) + [""])[:2] for item in rest)
DSIG = "http://www.w3.org/2000/09/xmldsig#"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
PLACE = "package/services/digital-signature/"
SIGNATURE = PLACE + "xml-signature/one.psdsxs"
TYPES = ('<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats'
         '.org/package/2006/content-types"><Default Extension="txt" ContentType="text/plain"'
         '/><Override PartName="/extension.vsixmanifest" ContentType="text/plain"'
         '/><Default Extension="psdsxs" ContentType="application/vnd.openxmlformats-package.'
         'digital-signature-xmlsignature+xml"/></Types>')
parts = {"extension.vsixmanifest": b"<PackageManifest/>\n", "a b.txt": b"one\n" * 300,
         "lib.txt": b"two\n" * 3}


def b64(data):
    return base64.b64encode(data).decode()


def reference(part, data):
    uri = "/" + part.replace(" ", "%20") + "?ContentType=text/plain"
    through = ""
    if "transform" in options and part == "lib.txt":
        through = f'<Transforms><Transform Algorithm="{C14N}"/></Transforms>'
    return (f'<Reference URI="{uri}">{through}<DigestMethod Algorithm="{SHA256}"/>'
            f'<DigestValue>{b64(hashlib.sha256(data).digest())}</DigestValue></Reference>')


def canonical(element, xml):
    """Where the element inherits its namespace, and empty elements are closed."""
    xml = xml.replace(f"<{element}", f'<{element} xmlns="{DSIG}"', 1)
    out = ""
    while "/>" in xml:
        before, xml = xml.split("/>", 1)
        tag = before[before.rindex("<") + 1:].split(" ")[0]
        out += f"{before}></{tag}>"
    return out + xml


signed = [] if "none" in options else [p for p in parts if p != options.get("out")]
listed = {**parts}
if "missing" in options:
    listed[options["missing"]] = b"was here"
    signed.append(options["missing"])
manifest = "".join(reference(part, listed[part]) for part in signed)
time = ('<SignatureProperties><SignatureProperty Id="t" Target=""><SignatureTime xmlns="http:'
        '//schemas.openxmlformats.org/package/2006/digital-signature"><Value>2024</Value>'
        '</SignatureTime></SignatureProperty></SignatureProperties>')
target = f'<Object Id="o"><Manifest>{manifest}</Manifest>{time}</Object>'
digest, method = SHA256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
if "sha1" in options:
    digest, method = DSIG + "sha1", DSIG + "rsa-sha1"
algorithm = "sha1" if "sha1" in options else "sha256"
over = hashlib.new(algorithm, canonical("Object", target).encode()).digest()
# The attributes of Reference are not in their canonical order.
info = (f'<SignedInfo><CanonicalizationMethod Algorithm="{C14N}"/><SignatureMethod '
        f'Algorithm="{method}"/><Reference URI="#o" Type="{DSIG}Object"><Transforms>'
        f'<Transform Algorithm="{C14N}"/></Transforms><DigestMethod Algorithm="{digest}"/>'
        f'<DigestValue>{b64(over)}</DigestValue></Reference></SignedInfo>')
text = canonical("SignedInfo", info).replace(f'URI="#o" Type="{DSIG}Object"',
                                             f'Type="{DSIG}Object" URI="#o"')
value = bytearray(subprocess.run(
    ["openssl", "dgst", "-" + algorithm, "-sign", name + ".key"], input=text.encode(),
    check=True, capture_output=True).stdout)
if "value" in options:
    value[20] ^= 1
cert = subprocess.run(["openssl", "x509", "-in", name + ".pem", "-outform", "DER"],
                      check=True, capture_output=True).stdout
if "list" in options:
    target = target.replace("lib.txt", "bil.txt")
if "twice" in options:
    target += target
if "comment" in options:
    target += "<!-- nobody reads this -->"
if "entity" in options:
    target += "<Object>&amp;</Object>"
xml = (f'<?xml version="1.0" encoding="utf-8"?><Signature xmlns="{DSIG}">{info}'
       f"<SignatureValue>{b64(value)}</SignatureValue><KeyInfo><X509Data><X509Certificate>"
       f"{b64(cert)}</X509Certificate></X509Data></KeyInfo>{target}</Signature>")
with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
    for part, data in parts.items():
        if part == options.get("change"):
            data = b"x" + data[1:]
        file.writestr(part, data)
    if "type" in options:
        TYPES = TYPES.replace('"text/plain"', '"text/xml"', 1)
    file.writestr("[Content_Types].xml", TYPES)
    file.writestr(SIGNATURE, xml)
