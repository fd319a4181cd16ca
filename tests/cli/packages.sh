# verify signatures: RPM and Debian packages, made and signed by their own tools, whose
# word must be the same.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need rpmbuild rpmsign rpmkeys gpg ar dpkg-deb jq python3

GNUPGHOME=$PWD/gnupg
export GNUPGHOME
mkdir -m 700 gnupg
trap 'gpgconf --kill all' EXIT
gpg() { command gpg --batch --quiet --pinentry-mode loopback --passphrase '' "$@" 2>/dev/null; }
gpg --quick-gen-key 'Packager <p@example.org>' rsa2048 sign never
gpg --quick-gen-key 'Other <o@example.org>' rsa2048 sign never
gpg --export -a p@example.org >packager.asc
gpg --export -a o@example.org >other.asc

# covers FILE KIND NUMBER: the byte map of the file's first signature adds up to the
# file, and so many bytes are of that kind.
covers() {
	"$VERIFY" signatures -q --pgp-keyring packager.asc --json map.json "$1" || [ $? -eq 4 ]
	jq -e --argjson size "$(wc -c <"$1")" '.signatures[0].coverage |
		.signed + .signature + .structural + .unexplained == $size and
		([.ranges[].length] | add) == $size' map.json >/dev/null ||
		fail "the byte map of $1: $(jq -c '.signatures[0].coverage' map.json)"
	found=$(jq ".signatures[0].coverage.$2" map.json)
	[ "$found" -eq "$3" ] || fail "$1 has $found bytes $2, not $3"
}

# ---- RPM

mkdir -p top
cat >x.spec <<'S'
Name: x
Version: 1
Release: 1
Summary: x
License: GPL
BuildArch: noarch
%description
x
%install
mkdir -p %{buildroot}/usr/share/x
seq 1 1000 >%{buildroot}/usr/share/x/numbers
%files
/usr/share/x/numbers
S
rpmbuild -bb --define "_topdir $PWD/top" --define '_build_id_links none' x.spec >build.log 2>&1 ||
	fail "rpmbuild: $(cat build.log)"
cp top/RPMS/noarch/x-1-1.noarch.rpm plain.rpm
sign() { # FROM TO ARGUMENT...
	cp "$1" "$2"
	to=$2
	shift 2
	rpmsign --addsign --define '_gpg_name p@example.org' --define "_gpg_path $GNUPGHOME" \
		--define '__gpg /usr/bin/gpg' "$@" "$to" >sign.log 2>&1 ||
		fail "rpmsign: $(cat sign.log)"
}
sign plain.rpm signed.rpm
rpmkeys --dbpath "$PWD/db" --initdb 2>/dev/null || rpm --dbpath "$PWD/db" --initdb
rpmkeys --dbpath "$PWD/db" --import packager.asc
agree() { # yes|no FILE
	answer=no
	rpmkeys --dbpath "$PWD/db" -K "$2" >tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "rpmkeys says $answer of $2: $(cat tool.log)"
}
agree yes signed.rpm
expect 0 'RSA header), over the header' signed.rpm --pgp-keyring packager.asc
expect 4 'untrusted' signed.rpm --pgp-keyring other.asc
expect 4 'unsigned' plain.rpm --pgp-keyring packager.asc
sign plain.rpm old.rpm --rpmv3
expect 0 'over header and payload' old.rpm --pgp-keyring packager.asc

covers signed.rpm signed "$(rpm -qp --qf '%{SIGSIZE}' signed.rpm 2>/dev/null)"
covers signed.rpm unexplained 0
# only_signature yes|no SHIPPED REBUILT: does compare say that the signature alone differs?
only_signature() {
	status=0
	"$VERIFY" compare -q --json compared.json --text out "$2" "$3" || status=$?
	answer=no
	[ "$(jq -r '.files[0].status' compared.json)" != signature-only ] || answer=yes
	[ "$answer $status" = "$1 $([ "$1" = yes ] && echo 0 || echo 1)" ] ||
		fail "compare $2 $3: signature-only $answer, exit $status"
}
only_signature yes signed.rpm plain.rpm
only_signature yes old.rpm plain.rpm
only_signature yes signed.rpm old.rpm # a signature of its own is cut away
size=$(wc -c <signed.rpm)
change plain.rpm other.rpm "$(grep -abo 'numbers' plain.rpm | head -n 1 | cut -d: -f1)"
only_signature no signed.rpm other.rpm
change signed.rpm payload.rpm $((size - 20))
agree no payload.rpm
expect 4 'of the payload is another one' payload.rpm --pgp-keyring packager.asc
offset=$(grep -abo 'numbers' signed.rpm | head -n 1 | cut -d: -f1)
change signed.rpm header.rpm "$offset"
agree no header.rpm
expect 4 'invalid' header.rpm --pgp-keyring packager.asc
{ cat signed.rpm && echo more; } >long.rpm
expect 4 'invalid' long.rpm --pgp-keyring packager.asc
# Tags of the signature header merged (CVE-2021-20271): a second entry of the signature's
# tag, of which one reader takes the first and one the last.
retag() { # FROM TO OLD NEW
	python3 - "$@" <<'P'
import sys, struct
source, to, old, new = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = bytearray(open(source, 'rb').read())
count = struct.unpack_from('>I', data, 104)[0]
at = [112 + 16 * i for i in range(count) if struct.unpack_from('>I', data, 112 + 16 * i)[0] == old]
assert len(at) == 1
struct.pack_into('>I', data, at[0], new)
open(to, 'wb').write(data)
P
}
retag signed.rpm merged.rpm 273 268
expect 4 'invalid' merged.rpm --pgp-keyring packager.asc
# A signature of the header under the tag of one over header and payload.
retag signed.rpm moved.rpm 268 1002
agree no moved.rpm
expect 4 'invalid' moved.rpm --pgp-keyring packager.asc
# Without its digest of the header it is as good as with: that one is not signed.
retag signed.rpm bare.rpm 273 1234
expect 0 'valid' bare.rpm --pgp-keyring packager.asc
# A signature of a header without the digests of the payload, which is then anybody's.
# undigested FROM TO: the main header less its tags 5092, 5093 and 5097, signed as rpm
# does, the signature under tag 268 the one thing in the signature header.
undigested() {
	python3 - "$@" <<'P'
import subprocess, struct, sys
data = open(sys.argv[1], 'rb').read()
MAGIC = bytes.fromhex('8eade80100000000')
def header(at):
    assert data[at:at + 8] == MAGIC
    count, size = struct.unpack_from('>II', data, at + 8)
    index = [struct.unpack_from('>IIiI', data, at + 16 + 16 * i) for i in range(count)]
    start = at + 16 + 16 * count
    return index, data[start:start + size], start + size
def region(tag, index, store):
    count = len(index) + 1
    trailer = struct.pack('>IIiI', tag, 7, -16 * count, 16)
    index = [(tag, 7, len(store), 16)] + index
    return (MAGIC + struct.pack('>II', count, len(store) + 16) +
            b''.join(struct.pack('>IIiI', *entry) for entry in index) + store + trailer)
end = header(96)[2]
index, store, payload = header((end + 7) // 8 * 8)
digests = [entry for entry in index if entry[0] in (5092, 5093, 5097)]
assert index[0][0] == 63 and len(digests) >= 2
kept, packed = [], b''
for tag, kind, at, count in sorted(index[1:], key=lambda entry: entry[2]):
    if tag in (5092, 5093, 5097):
        continue
    width = {3: 2, 4: 4, 5: 8}.get(kind, 1)
    stop = at + width * count
    if kind in (6, 8, 9):
        stop = at
        for _ in range(count):
            stop = store.index(0, stop) + 1
    packed += bytes(-len(packed) % width)
    kept.append((tag, kind, len(packed), count))
    packed += store[at:stop]
main = region(63, sorted(kept), packed)
signature = subprocess.run(
    ['gpg', '--batch', '--quiet', '--pinentry-mode', 'loopback', '--passphrase', '',
     '-u', 'p@example.org', '--digest-algo', 'SHA256', '--detach-sign'],
    input=main, stdout=subprocess.PIPE, check=True).stdout
signatures = region(62, [(268, 7, 0, len(signature))], signature)
signatures += bytes(-len(signatures) % 8)
open(sys.argv[2], 'wb').write(data[:96] + signatures + main + data[payload:])
P
}
undigested plain.rpm undigested.rpm
agree no undigested.rpm
# The signature itself holds, as rpm says too.
rpmkeys --dbpath "$PWD/db" -Kv undigested.rpm >tool.log 2>&1 || :
grep -q 'Header V4 RSA/SHA256 Signature.*: OK' tool.log || fail "rpmkeys: $(cat tool.log)"
expect 4 'which holds no digest of the payload' undigested.rpm --pgp-keyring packager.asc
expect 4 'invalid' undigested.rpm --pgp-keyring packager.asc
# Stripped by a tag that nobody knows.
retag signed.rpm hidden.rpm 268 1234
expect 4 'unsigned' hidden.rpm --pgp-keyring packager.asc
# The payload of another package under this one's header and signature.
sed -i 's/seq 1 1000/seq 1 1001/' x.spec
rpmbuild -bb --define "_topdir $PWD/top" --define '_build_id_links none' x.spec >build.log 2>&1
expect 4 'unsigned' top/RPMS/noarch/x-1-1.noarch.rpm --pgp-keyring packager.asc

# ---- debsigs: three members, one after the other

mkdir -p d/DEBIAN d/usr/share/x
printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >d/DEBIAN/control
seq 1 1000 >d/usr/share/x/numbers
dpkg-deb --root-owner-group -b d plain.deb >/dev/null
mkdir m && (cd m && ar x ../plain.deb)
(cd m && cat debian-binary control.tar.* data.tar.*) | gpg -u p@example.org --detach-sign -o m/_gpgorigin
cp plain.deb signed.deb && (cd m && ar rc ../signed.deb _gpgorigin)
expect 0 'ar member _gpgorigin' signed.deb --pgp-keyring packager.asc
covers signed.deb signed "$(cd m && cat debian-binary control.tar.* data.tar.* | wc -c)"
covers signed.deb signature "$(wc -c <m/_gpgorigin)"
covers signed.deb unexplained 0
expect 0 'bytes: ' signed.deb --pgp-keyring packager.asc
expect 4 'untrusted' signed.deb --pgp-keyring other.asc
if command -v debsigs >/dev/null; then
	cp plain.deb tool.deb
	debsigs --sign=origin --default-key=p@example.org tool.deb >tool.log 2>&1 ||
		fail "debsigs: $(cat tool.log)"
	only_signature yes tool.deb plain.deb
	change plain.deb other.deb 100
	only_signature no tool.deb other.deb
	rm other.deb
fi
expect 4 'no signature in the package' plain.deb --pgp-keyring packager.asc
seq 1 1001 >d/usr/share/x/numbers
dpkg-deb --root-owner-group -b d changed.deb >/dev/null
(cd m && ar rc ../changed.deb _gpgorigin)
expect 4 'does not fit' changed.deb --pgp-keyring packager.asc
# A second data archive, which the signature does not see.
cp signed.deb extra.deb
cp m/data.tar.* "m/data2.tar" && (cd m && ar rc ../extra.deb data2.tar)
expect 4 'invalid' extra.deb --pgp-keyring packager.asc
covers extra.deb unexplained "$(wc -c <m/data2.tar)"

# ---- dpkg-sig: a signed list of weak digests

(
	cd m
	printf 'Version: 4\nSigner: \nDate: now\nRole: builder\nFiles: \n'
	for part in debian-binary control.tar.* data.tar.*; do
		printf '\t%s %s %s %s\n' "$(md5sum <"$part" | cut -d' ' -f1)" \
			"$(sha1sum <"$part" | cut -d' ' -f1)" "$(wc -c <"$part")" "$part"
	done
) >list
gpg -u p@example.org --clearsign -o m/_gpgbuilder list
cp plain.deb listed.deb && (cd m && ar rc ../listed.deb _gpgbuilder)
expect 4 'names MD5 and SHA-1 alone' listed.deb --pgp-keyring packager.asc
dpkg-deb --root-owner-group -b d other.deb >/dev/null && (cd m && ar rc ../other.deb _gpgbuilder)
expect 4 "is not that of this package's parts" other.deb --pgp-keyring packager.asc
