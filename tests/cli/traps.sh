# Files made to be taken for others: what fooled other comparing programs is told here,
# by verify list where it can be seen in the file alone, and by compare on both sides.
set -eu
fail() { echo "traps.sh: $*" >&2; exit 1; }
for program in gcc nm dpkg-deb tar zip python3 jq; do
	command -v "$program" >/dev/null || { echo "no $program"; exit 77; }
done

# listed STATUS FILE WORDS: what verify list says of a file
listed() {
	got=0
	"$VERIFY" list "$2" >out 2>&1 || got=$?
	[ "$got" -eq "$1" ] || { cat out; fail "list $2 ended with $got, not $1"; }
	grep -F -e "$3" out >/dev/null || { cat out; fail "list $2 does not say '$3'"; }
}

# differ FILE OTHER [WORDS]: exit 1 both ways round; WORDS are said, whichever side has it
differ() {
	for pair in "$1 $2" "$2 $1"; do
		got=0
		"$VERIFY" compare -q --json out.json --text out ${pair% *} ${pair#* } || got=$?
		[ "$got" -eq 1 ] || { cat out; fail "compare $pair ended with $got, not 1"; }
		jq -e '.counts.different + .counts.missing + .counts.extra > 0' out.json \
			>/dev/null || fail "compare $pair: nothing differs"
		tr -s ' \n' ' ' <out | grep -F -e "${3:-}" >/dev/null || {
			cat out
			fail "compare $pair does not say '$3'"
		}
	done
}

# --- a package whose md5sums are as they were, its program overwritten
mkdir -p p/DEBIAN p/usr/bin
printf 'int twice(int x) { return 2 * x; }\nint main(void) { return twice(0); }\n' >x.c
gcc -O0 -o p/usr/bin/x x.c
printf 'Package: x\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@b>\nDescription: x\n' \
	>p/DEBIAN/control
(cd p && md5sum usr/bin/x >DEBIAN/md5sums)
SOURCE_DATE_EPOCH=1600000000
export SOURCE_DATE_EPOCH
dpkg-deb --root-owner-group -b p good.deb >/dev/null
printf '\303' | dd of=p/usr/bin/x bs=1 conv=notrunc status=none \
	seek=$((0x$(nm p/usr/bin/x | awk '$3 == "twice" { print $1 }')))
dpkg-deb --root-owner-group -b p bad.deb >/dev/null
differ bad.deb good.deb '(twice)'
jq -e '[.files[] | select(.path | endswith("md5sums")) | .status == "identical"] | all' \
	out.json >/dev/null || fail "md5sums should be identical"

# --- a zip whose local name is not the one in the directory
printf 'good\n' >a.txt
printf 'other\n' >b.txt
zip -q -X z.zip a.txt b.txt
python3 -c '
data = bytearray(open("z.zip", "rb").read())
at = data.find(b"a.txt")
data[at:at + 1] = b"q"
open("local.zip", "wb").write(data)'
listed 0 local.zip "suspect: the local header of 'a.txt' has another name, 'q.txt'"
differ local.zip z.zip "has another name, 'q.txt', than the directory"

# --- two entries of one name
python3 -W ignore -c '
import zipfile
def make(file, *contents):
    with zipfile.ZipFile(file, "w") as z:
        for content in contents:
            z.writestr(zipfile.ZipInfo("run.sh"), content)
make("once.zip", "good")
make("twice.zip", "evil", "good")
make("ecwit.zip", "good", "evil")'
listed 0 twice.zip "suspect: two members, 1 and 2, have the name 'run.sh'"
differ twice.zip once.zip "two members, 1 and 2, have the name 'run.sh'"
differ twice.zip ecwit.zip 'run.sh'

# --- bytes after a tar's end
tar -cf t.tar a.txt b.txt
cp t.tar member.tar
tar -cf - a.txt >>member.tar
listed 0 member.tar 'suspect: a member behind the end of the archive'
differ member.tar t.tar 'a member behind the end of the archive'
cp t.tar text.tar
printf '#!/bin/sh\nevil\n' >>text.tar
listed 0 text.tar 'suspect: 15 bytes after the end'
differ text.tar t.tar '15 bytes after the end of the archive that no member holds'
cp z.zip behind.zip
printf 'evil' >>behind.zip
listed 0 behind.zip 'suspect: '
differ behind.zip z.zip
# before the start
{ printf '#!/bin/sh\nexit\n'; cat z.zip; } >before.zip
listed 0 before.zip 'suspect: '
differ before.zip z.zip

# --- an empty file is equal to an empty file alone
: >empty
for other in good.deb z.zip t.tar a.txt p/usr/bin/x; do
	differ empty $other
done
mkdir e f g
: >e/x
printf 1 >f/x
differ e f
differ e g
: >empty2
"$VERIFY" compare -q empty empty2 >out 2>&1 || fail "two empty files"
got=0
mkdir h
"$VERIFY" compare -q g h >out 2>&1 || got=$?
[ $got -eq 3 ] || fail "nothing against nothing ended with $got"

# --- files that are equal as far as the first 4,096 bytes, or but for the last byte
head -c 4096 /dev/zero | tr '\0' 'a' >start
{ cat start; printf 'good'; } >one
{ cat start; printf 'evil'; } >two
differ one two
[ "$(jq '.files[0].differences[0].shipped_offset' out.json)" -eq 4096 ] || fail "offset"
differ start one
head -c 3000000 /dev/zero >long
{ head -c 2999999 /dev/zero; printf x; } >longx
differ long longx
[ "$(jq '.files[0].differences[0].shipped_offset' out.json)" -eq 2999999 ] || fail "offset"

# --- the same list of checksums inside, other bytes
mkdir good bad
for to in good bad; do
	echo good >$to/a
	(cd $to && sha256sum a >SHA256SUMS)
done
echo evil >bad/a
differ good bad
for to in good bad; do (cd $to && zip -q -X ../$to.zip a SHA256SUMS); done
differ good.zip bad.zip
# the checksum that the container itself keeps, as it was
python3 -c '
data = bytearray(open("good.zip", "rb").read())
at = data.find(b"good\n")
data[at:at + 4] = b"evil"
open("crc.zip", "wb").write(data)'
listed 0 crc.zip 'suspect: content whose CRC-32 is not that of the directory'
differ crc.zip good.zip

# --- an end record within the comment of another, for a reader that looks from one end
# or the other, and zip64 records that say other than the end record
cat >ends.py <<'E2'
import io, struct, zipfile

def archive(name, data):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr(name, data)
    return out.getvalue()

def commented(comment):
    return good[:-2] + struct.pack("<H", len(comment)) + comment

good, evil = archive("good.txt", "good"), archive("evil.txt", "evil")
first, end = evil.index(b"PK\1\2"), evil.index(b"PK\5\6")
moved = bytearray(evil)
struct.pack_into("<I", moved, first + 42, len(good))
struct.pack_into("<I", moved, end + 16, first + len(good))
open("comment.zip", "wb").write(commented(evil))
open("moved.zip", "wb").write(commented(bytes(moved)))

start, stop = good.index(b"PK\1\2"), good.index(b"PK\5\6")
central = bytearray(evil[first:end])
struct.pack_into("<I", central, 42, stop)
head = good[:stop] + evil[:first]
body = head + bytes(central)
open("zip64.zip", "wb").write(
    body
    + struct.pack("<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, 1, 1, len(central), len(head))
    + struct.pack("<IIQI", 0x07064B50, 0, len(body), 1)
    + struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1, 1, stop - start, start, 0))
E2
python3 ends.py
listed 0 comment.zip 'suspect: 118 bytes behind the directory that no member has'
listed 0 moved.zip 'suspect: 118 bytes before the first record that no member has'
listed 0 zip64.zip 'suspect: 96 bytes behind the directory that no member has'
for other in comment.zip moved.zip zip64.zip; do differ good.zip $other; done
