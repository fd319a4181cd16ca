"""Signed data (RFC 5652) to order, in DER: the encoding is done here, the signing by
openssl. What openssl's own commands cannot add, attributes of any kind and
countersignatures, is what the signature formats of packages are made of."""
import hashlib
import subprocess

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
COUNTERSIGNATURE = "1.2.840.113549.1.9.6"
SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
TOKEN = "1.2.840.113549.1.9.16.2.14"
SHA256 = "2.16.840.1.101.3.4.2.1"
RSA = "1.2.840.113549.1.1.1"
ECDSA_SHA256 = "1.2.840.10045.4.3.2"


def der(tag, *parts):
    content = b"".join(parts)
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts):
    return der(0x30, *parts)


def set_of(*parts):
    return der(0x31, *sorted(parts))


def integer(value):
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value):
    return der(4, value)


def oid(text):
    first, second, *rest = map(int, text.split("."))
    out = b""
    for arc in [40 * first + second] + rest:
        group = bytes([arc & 127])
        while arc := arc >> 7:
            group = bytes([arc & 127 | 128]) + group
        out += group
    return der(6, out)


def algorithm(text):
    return sequence(oid(text), der(5))


def attribute(kind, *values):
    return sequence(oid(kind), set_of(*values))


def take(data):
    """The first element: tag, contents, the whole of it, and the rest."""
    size, start = data[1], 2
    if size > 127:
        start = 2 + (size & 127)
        size = int.from_bytes(data[2:start], "big")
    end = start + size
    return data[0], data[start:end], data[:end], data[end:]


def openssl(*arguments, data=b""):
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          capture_output=True).stdout


def certificate(path):
    return openssl("x509", "-in", path, "-outform", "DER")


def issuer_and_serial(cert):
    _, tbs, _, _ = take(take(cert)[1])
    _, _, _, rest = take(tbs)  # [0] version
    _, _, serial, rest = take(rest)
    _, _, _, rest = take(rest)
    return sequence(take(rest)[2], serial)


def key_algorithm(cert):
    text = openssl("x509", "-inform", "DER", "-noout", "-text", data=cert)
    return sequence(oid(ECDSA_SHA256)) if b"id-ecPublicKey" in text else algorithm(RSA)


def signing_certificate(cert):
    return attribute(SIGNING_CERTIFICATE_V2, sequence(sequence(sequence(
        octets(hashlib.sha256(cert).digest())))))


def token(value, tsa):
    """An attribute with an RFC 3161 token about `value`, by openssl's configuration."""
    with open("value.tmp", "wb") as file:
        file.write(value)
    openssl("ts", "-query", "-data", "value.tmp", "-sha256", "-cert", "-out", "tsq.tmp")
    openssl("ts", "-reply", "-queryfile", "tsq.tmp", "-config", tsa, "-token_out",
            "-out", "token.tmp")
    with open("token.tmp", "rb") as file:
        return attribute(TOKEN, file.read())


def signer(cert, key, content, kind=DATA, signed=(), unsigned=lambda value: []):
    """A SignerInfo over the octets `content`. `kind` None: a countersignature. What
    `unsigned` makes of the signature's value is added to it."""
    attributes = [attribute(MESSAGE_DIGEST, octets(hashlib.sha256(content).digest())),
                  signing_certificate(cert), *signed]
    if kind:
        attributes.append(attribute(CONTENT_TYPE, oid(kind)))
    attributes = set_of(*attributes)
    value = openssl("dgst", "-sha256", "-sign", key, data=attributes)
    extra = list(unsigned(value))
    return sequence(integer(1), issuer_and_serial(cert), algorithm(SHA256),
                    b"\xa0" + attributes[1:], key_algorithm(cert), octets(value),
                    *([b"\xa1" + set_of(*extra)[1:]] if extra else []))


def signed_data(content, signer_info, certificates, kind=DATA):
    """`content`: the element inside [0], with its tag."""
    return sequence(oid(SIGNED_DATA), der(0xa0, sequence(
        integer(1), der(0x31, algorithm(SHA256)),
        sequence(oid(kind), der(0xa0, content)),
        b"\xa0" + set_of(*certificates)[1:],
        der(0x31, signer_info))))
