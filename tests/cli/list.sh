# verify list: trees of real packages against the tools' own listings.
set -eu
fail() { echo "list.sh: $*" >&2; exit 1; }
status() { want=$1; shift; got=0; "$@" >out 2>err || got=$?
	[ "$got" -eq "$want" ] || { cat out err >&2; fail "'$*' ended with $got, not $want"; }; }

# a package, and every file in it by its digest
mkdir -p p/DEBIAN p/usr/bin p/usr/share/doc/p
printf 'Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n' \
	>p/DEBIAN/control
printf '#!/bin/sh\nexit 0\n' >p/DEBIAN/postinst
chmod 755 p/DEBIAN/postinst
seq 5000 >p/usr/bin/tool
chmod 4755 p/usr/bin/tool
seq 300 | gzip -n >p/usr/share/doc/p/changelog.gz
ln -s tool p/usr/bin/alias
for compressor in none gzip xz zstd; do
	dpkg-deb -Z$compressor --root-owner-group -b p p.deb >/dev/null
	status 0 "$VERIFY" list --digests p.deb
	(cd p && find usr -type f | sort | while read -r f; do
		printf '%s %s\n' "$(sha256sum <"$f" | cut -c1-64)" "$f"
	done
	printf '%s usr/bin/alias\n' "$(printf tool | sha256sum | cut -c1-64)"
	for f in control postinst; do
		printf '%s DEBIAN/%s\n' "$(sha256sum <DEBIAN/$f | cut -c1-64)" $f
	done
	printf '2.0\n' | sha256sum | sed 's/ .*/ debian-binary/') | sort >want
	sort out | cmp - want || { diff out want >&2 || true; fail "$compressor"; }
done

# the tree: what dpkg-deb says of modes, sizes and names
status 0 "$VERIFY" list p.deb
grep -q '^-rwsr-xr-x  *23893 [0-9a-f]\{16\}  *\./usr/bin/tool' out || { cat out; fail tree; }
grep -q 'alias -> tool' out || fail link
grep -q '^-  *[0-9]* [0-9a-f]\{16\}  *// \[tar\]' out || fail stream
test "$(grep -c ' \./usr/' out)" = "$(dpkg-deb -c p.deb | grep -c ' \./usr/')" || fail count

# as JSON, the same from run to run
status 0 "$VERIFY" list --json - p.deb
mv out one
status 0 "$VERIFY" list --json two p.deb
cmp one two
jq -e '.members[] | select(.name == "usr/bin/tool") | .mode == "4755" and .size == 23893
	and .path == "p.deb//data.tar.zst//./usr/bin/tool" and .uid == 0' two >/dev/null ||
	fail json
jq -e '.confinement | index("seccomp filter") or length > 0' two >/dev/null || fail confinement

# other containers, each with its own maker
mkdir -p c/sub
seq 2000 >c/sub/a
echo b >c/b
sums=$(sha256sum <c/sub/a | cut -c1-16)
(cd c
tar -czf ../c.tar.gz . && tar -cjf ../c.tar.bz2 . && tar -cJf ../c.tar.xz .
zip -q -r ../c.zip . && find . | cpio --quiet -o -H newc >../c.cpio
if command -v zstd >/dev/null; then tar -c . | zstd -q >../c.tar.zst; fi
if command -v lz4 >/dev/null; then tar -c . | lz4 -q >../c.tar.lz4; fi
if command -v 7z >/dev/null; then 7z a ../c.7z . >/dev/null; fi
if command -v gcab >/dev/null; then gcab -cn ../c.cab sub/a b; fi
if command -v xorriso >/dev/null; then
	xorriso -as mkisofs -quiet -R -o ../c.iso . >/dev/null 2>&1
fi)
for file in c.*; do
	status 0 "$VERIFY" list "$file"
	grep -q "$sums" out || { cat out; fail "$file"; }
done

# what cannot be looked into is undecided, never fine
: >empty.tar
truncate -s 100000 zeros.img
head -c 20000 c.tar.gz | head -c 300 >cut.tar.gz
for file in empty.tar zeros.img cut.tar.gz; do
	status 3 "$VERIFY" list "$file"
	grep -q undecided out || fail "$file"
done
if command -v mkfs.ext4 >/dev/null; then
	truncate -s 2M x.img && mkfs.ext4 -q x.img
	status 3 "$VERIFY" list x.img
	grep -q 'ext4 image: not looked into' out || fail ext4
fi

# archives in archives without end stop at the budget
cp c/b n
i=0
while [ $i -lt 60 ]; do gzip -n -c n >m; mv m n; i=$((i + 1)); done
status 3 "$VERIFY" list n
grep -q 'raise it with --depth' out || fail depth
status 0 "$VERIFY" list --depth 100 n
head -c 200000000 /dev/zero | xz -0 >bomb.xz
status 3 "$VERIFY" list bomb.xz --ratio 100
grep -q 'raise the limit with --ratio' out || { cat out; fail ratio; }
status 3 "$VERIFY" list --bytes 1M bomb.xz
grep -q 'raise it with --bytes' out || fail bytes
status 3 "$VERIFY" list --members 2 c.zip
grep -q 'raise it with --members' out || fail members

# usage
status 2 "$VERIFY" list
status 2 "$VERIFY" list c.zip c.zip
status 2 "$VERIFY" list --depth none c.zip
status 2 "$VERIFY" list --nonsense c.zip
status 3 "$VERIFY" list /nonexistent
grep -q "cannot open '/nonexistent'" err || fail message
status 0 "$VERIFY" list --help
grep -q -- --digests out || fail help
