# verify unpack: all files come out, and nothing gets out of the folder.
set -eu
fail() { echo "unpack.sh: $*" >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ] || { cat out err >&2; fail "'$*' ended with $got, not $want"; }; }

# what comes out is what went in, through every layer
mkdir -p in/sub
seq 3000 >in/sub/a
printf '#!/bin/sh\n' >in/run
chmod 6755 in/run
(cd in && tar -czf ../inner.tar.gz .)
mkdir outer
cp inner.tar.gz outer/
gzip -n -c in/sub/a >outer/a.gz
(cd outer && zip -q ../o.zip inner.tar.gz a.gz)
status 0 "$VERIFY" unpack o.zip x
cmp x/inner.tar.gz inner.tar.gz
cmp x/inner.tar.gz.d/sub/a in/sub/a
cmp x/a.gz.d/content in/sub/a
test "$(stat -c %a x/inner.tar.gz.d/run)" = 755 || fail "a setuid bit came out"
test "$(find x -type f | wc -l)" = 5 || { find x; fail count; }

# hostile names: nothing outside, each told
cat >evil.py <<'E'
import io, tarfile
t = tarfile.open('evil.tar', 'w')
def add(name, **more):
    i = tarfile.TarInfo(name)
    for key, value in more.items():
        setattr(i, key, value)
    i.size = 0 if more else 5
    t.addfile(i, None if more else io.BytesIO(b'evil\n'))
add('../outside')
add('a/../../outside')
add('/tmp/verify-unpack-absolute')
add('new\nline')
add('link', type=tarfile.SYMTYPE, linkname='../..')
add('link/through')
add('hard', type=tarfile.LNKTYPE, linkname='/etc/passwd')
add('device', type=tarfile.CHRTYPE, devmajor=1, devminor=3)
add('pipe', type=tarfile.FIFOTYPE)
add('twice')
add('twice')
add('file')
add('file/below')
add('n' * 300)
add('good')
t.close()
E
python3 evil.py
rm -f /tmp/verify-unpack-absolute
mkdir jail
status 3 "$VERIFY" unpack evil.tar jail/y
test ! -e outside && test ! -e jail/outside || fail "out of the folder"
test ! -e /tmp/verify-unpack-absolute || fail "an absolute name"
test -d jail/y/link && test -f jail/y/link/through || fail "through a link"
test "$(find jail/y -type l -o -type c -o -type p | wc -l)" = 0 || fail "links or devices"
test "$(cat jail/y/good)" = evil || fail "the good one"
test ! -e jail/y/hard || fail "a hard link out of the archive"
for words in "outside' was not written" "leads out of the folder" 'new\nline' \
	"symbolic link to '../..'" 'character device' 'a fifo' 'another member has this name' \
	"cannot be a file's name"; do
	grep -qF "$words" err || { cat err; fail "no word of: $words"; }
done

# the folder is new or empty
mkdir full && touch full/x
status 2 "$VERIFY" unpack o.zip full
grep -q 'is not empty' err || fail message
mkdir fresh
status 0 "$VERIFY" unpack o.zip fresh
status 3 "$VERIFY" unpack /nonexistent never
test ! -e never || fail "a folder for nothing"
ln -s "$PWD" here
status 2 "$VERIFY" unpack o.zip here
status 2 "$VERIFY" unpack o.zip
# a failed run leaves no scratch file
mkdir scratch
head -c 700 o.zip >cut.zip
TMPDIR=$PWD/scratch status 3 "$VERIFY" unpack cut.zip z
test -z "$(ls scratch)" || fail "left scratch behind"
