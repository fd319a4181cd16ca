# verify signatures on Debian's clear-signed descriptions (.dsc, .changes, .buildinfo) and
# the files beside them, made by dpkg's own tools and signed by gpg; dpkg-source, asked for
# a valid signature, must say the same of a source.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need dpkg-source dpkg-genchanges dpkg-genbuildinfo gpg gpgv jq tar

GNUPGHOME=$PWD/gnupg
export GNUPGHOME
mkdir -m 700 gnupg
trap 'gpgconf --kill all' EXIT
gpg() { command gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' "$@" 2>/dev/null; }
gpg --quick-gen-key 'Maintainer <m@example.org>' rsa2048 sign never
gpg --quick-gen-key 'Other <o@example.org>' rsa2048 sign never
gpg --export m@example.org >maintainer.gpg
gpg --export o@example.org >other.gpg
mkdir -p home/.gnupg # where dpkg-source looks
cp maintainer.gpg home/.gnupg/trustedkeys.gpg

mkdir -p x-1.0/debian/source
echo '3.0 (native)' >x-1.0/debian/source/format
printf 'Source: x\nMaintainer: m <m@example.org>\nStandards-Version: 4.6.0\n\nPackage: x\nArchitecture: all\nDescription: x\n x\n' >x-1.0/debian/control
printf 'x (1.0) unstable; urgency=low\n\n  * x\n\n -- m <m@example.org>  Wed, 25 Nov 2026 00:00:00 +0000\n' >x-1.0/debian/changelog
printf '#!/bin/sh\n' >x-1.0/debian/rules
dpkg-source -b x-1.0 >/dev/null 2>&1
(cd x-1.0 && dpkg-genbuildinfo --build=source -O../x_1.0_source.buildinfo && rm -f debian/files &&
	dpkg-genchanges --build=source -O../x_1.0_source.changes) >tool.log 2>&1 || {
	cat tool.log
	exit 1
}
sign() { # USER FILE...
	user=$1
	shift
	for file; do
		gpg -u "$user" --clearsign -o "$file.new" "$file" && mv "$file.new" "$file"
	done
}
mkdir plain
cp x_1.0* plain
# fix FILE LISTING: what lists a file lists it as it was signed (so does debsign)
fix() {
	for kind in md5 sha1 sha256; do
		sum=$("${kind}sum" <"$1" | cut -d' ' -f1)
		sed -i -E "s/^ [0-9a-f]{${#sum}} [0-9]+ (.* )?$1\$/ $sum $(wc -c <"$1") \\1$1/" "$2"
	done
}
sign m@example.org x_1.0.dsc
fix x_1.0.dsc x_1.0_source.buildinfo
sign m@example.org x_1.0_source.buildinfo
fix x_1.0.dsc x_1.0_source.changes
fix x_1.0_source.buildinfo x_1.0_source.changes
sign m@example.org x_1.0_source.changes
mkdir whole
cp x_1.0* whole

# agree yes|no: dpkg-source with the maintainer's key
agree() {
	answer=no
	rm -rf out-x
	HOME=$PWD/home dpkg-source --require-valid-signature --require-strong-checksums -x x_1.0.dsc out-x >tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "dpkg-source says $answer: $(cat tool.log)"
}
again() { cp whole/* .; }
# states FILE: the files of the first entry with their states
states() {
	"$VERIFY" signatures -q "$1" --pgp-keyring maintainer.gpg --json out.json --text out || :
	jq -r '.signatures[0].files | map(.name + " " + .status) | join(", ")' out.json
}

agree yes
expect 0 '1 of 1 beside it covered' x_1.0.dsc --pgp-keyring maintainer.gpg
[ "$(states x_1.0.dsc)" = 'x_1.0.tar.xz covered' ] || fail "$(states x_1.0.dsc)"
expect 0 '2 of 2 beside it covered' x_1.0_source.changes --pgp-keyring maintainer.gpg
expect 0 '1 of 1 beside it covered' x_1.0_source.buildinfo --pgp-keyring maintainer.gpg

# ---- the file beside it: changed, cut, another one, gone

change whole/x_1.0.tar.xz x_1.0.tar.xz 100
agree no
expect 4 "'x_1.0.tar.xz' beside it is not the file that it lists" x_1.0.dsc --pgp-keyring maintainer.gpg
[ "$(states x_1.0.dsc)" = 'x_1.0.tar.xz different' ] || fail "$(states x_1.0.dsc)"
head -c 100 whole/x_1.0.tar.xz >x_1.0.tar.xz
expect 4 'is not the file' x_1.0.dsc --pgp-keyring maintainer.gpg
rm x_1.0.tar.xz
expect 0 'not beside it, so not looked at: x_1.0.tar.xz' x_1.0.dsc --pgp-keyring maintainer.gpg
mkdir x_1.0.tar.xz # no file
expect 0 'not beside it' x_1.0.dsc --pgp-keyring maintainer.gpg
rmdir x_1.0.tar.xz
again

# ---- the text: changed, another key, unsigned, outside of the signature

offset=$(grep -abo 'Version: 1.0' x_1.0.dsc | cut -d: -f1)
change whole/x_1.0.dsc x_1.0.dsc $((offset + 9))
agree no
expect 4 'does not fit' x_1.0.dsc --pgp-keyring maintainer.gpg
again
expect 4 'untrusted' x_1.0.dsc --pgp-keyring other.gpg
expect 3 'no signing scheme is known' plain/x_1.0.dsc --pgp-keyring maintainer.gpg
{ cat whole/x_1.0.dsc && printf 'Files:\n 00 1 evil\n'; } >x_1.0.dsc
expect 4 'text after the signature' x_1.0.dsc --pgp-keyring maintainer.gpg
{ printf 'Source: evil\n\n' && cat whole/x_1.0.dsc; } >x_1.0.dsc
agree no
expect 3 'no signing scheme' x_1.0.dsc --pgp-keyring maintainer.gpg
# A dash that is not escaped, where readers differ on what the line is; and a signature
# inside the text that is escaped and so is text.
sed 's/^Source: x/-Source: evil/' whole/x_1.0.dsc >x_1.0.dsc
expect 4 "starts with '-' and is not escaped" x_1.0.dsc --pgp-keyring maintainer.gpg
{ cat plain/x_1.0.dsc && echo 'Comment: x' && printf '%s\n' '-----BEGIN PGP SIGNATURE-----'; } >x_1.0.dsc
sign m@example.org x_1.0.dsc
gpgv -q --keyring ./maintainer.gpg x_1.0.dsc 2>/dev/null || fail 'gpgv does not take the escaped line'
grep -q '^- -----BEGIN' x_1.0.dsc
"$VERIFY" signatures -q x_1.0.dsc --pgp-keyring maintainer.gpg --json out.json ||
	fail 'an escaped line was taken for the signature'
# Two stanzas, both signed; and two lines for one name.
{ cat plain/x_1.0.dsc && printf '\nFiles:\n' && sed -n '/^Files:/,$p' plain/x_1.0.dsc | tail -n 1; } >x_1.0.dsc
sign m@example.org x_1.0.dsc
expect 4 'more than the one stanza' x_1.0.dsc --pgp-keyring maintainer.gpg
sed '/^Checksums-Sha256:/{n;p;s/^ ...../ 00000/}' plain/x_1.0.dsc >x_1.0.dsc
sign m@example.org x_1.0.dsc
expect 4 'listed twice, as two files' x_1.0.dsc --pgp-keyring maintainer.gpg
# Names that lead away are never opened.
sed 's| x_1.0.tar.xz| ../x_1.0.tar.xz|' plain/x_1.0.dsc >x_1.0.dsc
sign m@example.org x_1.0.dsc
expect 4 'not a name below a folder' x_1.0.dsc --pgp-keyring maintainer.gpg
sed 's| x_1.0.tar.xz| whole/x_1.0.tar.xz|' plain/x_1.0.dsc >x_1.0.dsc
sign m@example.org x_1.0.dsc
expect 4 'no name of a file beside it' x_1.0.dsc --pgp-keyring maintainer.gpg

# ---- weak: MD5 alone, which dpkg-source refuses as well

sed '/^Checksums-/,/^ /d' plain/x_1.0.dsc >x_1.0.dsc
sign m@example.org x_1.0.dsc
agree no
expect 4 'collisions are known' x_1.0.dsc --pgp-keyring maintainer.gpg
again
gpg -u m@example.org --digest-algo SHA1 --clearsign -o x_1.0.dsc plain/x_1.0.dsc
expect 4 'weak' x_1.0.dsc --pgp-keyring maintainer.gpg
again

# ---- expired key; and all of it as members of an archive

gpg --quick-set-expire "$(gpg --with-colons -k m@example.org | awk -F: '/^fpr/{print $10; exit}')" seconds=1
gpg --export m@example.org >expired.gpg
sleep 2
expect 4 'expired' x_1.0.dsc --pgp-keyring expired.gpg --at now
tar -cf whole.tar -C whole .
expect 0 '2 of 2 beside it covered' whole.tar --pgp-keyring maintainer.gpg
change whole/x_1.0.tar.xz whole/x_1.0.tar.xz.new 100
mv whole/x_1.0.tar.xz.new whole/x_1.0.tar.xz
tar -cf changed.tar -C whole .
expect 4 "'x_1.0.tar.xz' beside it is not the file" changed.tar --pgp-keyring maintainer.gpg
