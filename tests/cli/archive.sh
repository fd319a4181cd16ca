# verify signatures --archive: from the key of a Debian archive over its Release file and
# its lists to a package. The archive is apt-ftparchive's, signed by gpg; gpgv's word on
# the Release file must be the same, and apt's own lists of this machine are followed too.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need apt-ftparchive gpg gpgv dpkg-deb xz jq

GNUPGHOME=$PWD/gnupg
export GNUPGHOME
mkdir -m 700 gnupg
trap 'gpgconf --kill all' EXIT
gpg() { command gpg --batch --quiet --yes --pinentry-mode loopback --passphrase '' "$@" 2>/dev/null; }
gpg --quick-gen-key 'Archive <a@example.org>' rsa2048 sign never
gpg --quick-gen-key 'Other <o@example.org>' rsa2048 sign never
gpg --export a@example.org >archive.gpg
gpg --export o@example.org >other.gpg

# ---- an archive: packages, a source, lists, a Release file

package() { # NAME TEXT
	mkdir -p "d/DEBIAN" d/usr/share/x
	printf 'Package: %s\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' "$1" >d/DEBIAN/control
	echo "$2" >d/usr/share/x/text
	mkdir -p "mirror/pool/$1"
	dpkg-deb --root-owner-group -b d "mirror/pool/$1/$1_1_all.deb" >/dev/null
}
package one 'this is one'
package two 'this is two'
mkdir -p mirror/pool/src mirror/dists/stable/main/binary-all mirror/dists/stable/main/source
echo source >mirror/pool/src/src_1.tar
xz mirror/pool/src/src_1.tar
{
	printf 'Format: 1.0\nSource: src\nBinary: src\nArchitecture: all\nVersion: 1\nMaintainer: x <x@example.org>\nChecksums-Sha256:\n'
	printf ' %s %s src_1.tar.xz\n' "$(sha256sum <mirror/pool/src/src_1.tar.xz | cut -d' ' -f1)" "$(wc -c <mirror/pool/src/src_1.tar.xz)"
	printf 'Files:\n %s %s src_1.tar.xz\n' "$(md5sum <mirror/pool/src/src_1.tar.xz | cut -d' ' -f1)" "$(wc -c <mirror/pool/src/src_1.tar.xz)"
} >mirror/pool/src/src_1.dsc

list() { # of what is in the pool
	(
		cd mirror
		apt-ftparchive "$@" packages pool 2>/dev/null >dists/stable/main/binary-all/Packages
		apt-ftparchive "$@" sources pool 2>/dev/null >dists/stable/main/source/Sources
		xz -kf dists/stable/main/binary-all/Packages dists/stable/main/source/Sources
		gzip -kf dists/stable/main/binary-all/Packages
	)
}
release() { # of the lists; more options of apt-ftparchive
	(
		cd mirror/dists/stable
		rm -f InRelease Release Release.gpg
		apt-ftparchive -o APT::FTPArchive::Release::Origin=Example -o APT::FTPArchive::Release::Suite=stable \
			-o APT::FTPArchive::Release::Codename=first "$@" release . 2>/dev/null >../Release
		mv ../Release .
	)
}
sign() { # USER
	gpg -u "$1" --clearsign -o mirror/dists/stable/InRelease mirror/dists/stable/Release
	gpg -u "$1" -b -a -o mirror/dists/stable/Release.gpg mirror/dists/stable/Release
}
list
release
sign a@example.org
cp -a mirror whole
one=mirror/pool/one/one_1_all.deb
dists=mirror/dists/stable

# agree yes|no: what gpgv says of InRelease with the archive's key.
agree() {
	answer=no
	gpgv -q --keyring ./archive.gpg $dists/InRelease 2>tool.log && answer=yes
	[ "$answer" = "$1" ] || fail "gpgv says $answer: $(cat tool.log)"
}
again() { rm -rf mirror && cp -a whole mirror; }
ask() { # STATUS TEXT [ARGUMENT...]
	wanted=$1 text=$2
	shift 2
	expect "$wanted" "$text" "$one" --archive mirror --pgp-keyring archive.gpg "$@"
}

agree yes
ask 0 'main/binary-all/Packages, '
ask 0 'pool/one/one_1_all.deb, '
ask 0 'archive: Example, suite stable, codename first'
ask 0 '1 of 1 signature valid'
"$VERIFY" signatures -q "$one" --archive mirror --pgp-keyring archive.gpg --json out.json
jq -e --arg sum "$(sha256sum <"$one" | cut -d' ' -f1)" --argjson size "$(wc -c <"$one")" \
	'.signatures[0] | .scheme == "debian-archive" and .covers == "all" and
	(.links | length) == 3 and .links[2].sha256 == $sum and .coverage.signed == $size and
	all(.links[1:][]; .fits)' out.json >/dev/null || fail "$(jq -c .signatures out.json)"
if python3 -W ignore -c 'import jsonschema' 2>/dev/null; then
	python3 -W ignore -m jsonschema -i out.json "$SOURCE/src/report/verify-findings.schema.json" ||
		fail 'the findings are not as the schema says'
fi
# Sources lead to a .dsc and to what it is made of.
expect 0 ' src_1.dsc, ' mirror/pool/src/src_1.dsc --archive mirror --pgp-keyring archive.gpg
expect 0 ' src_1.tar.xz, ' mirror/pool/src/src_1.tar.xz --archive mirror --pgp-keyring archive.gpg

# Any one form of the list will do, and any place of it beside the Release file.
rm $dists/main/binary-all/Packages $dists/main/binary-all/Packages.gz
ask 0 'Packages.xz, '
mkdir -p $dists/main/binary-all/by-hash/SHA256
mv $dists/main/binary-all/Packages.xz \
	"$dists/main/binary-all/by-hash/SHA256/$(sha256sum <$dists/main/binary-all/Packages.xz | cut -d' ' -f1)"
ask 0 'Packages.xz, '
again
mkdir flat
cp whole/dists/stable/InRelease whole/dists/stable/main/binary-all/Packages.gz "$one" flat
expect 0 'Packages.gz, ' flat/one_1_all.deb --archive flat --pgp-keyring archive.gpg
expect 0 'Packages.gz, ' "$one" --archive flat/InRelease --archive flat/Packages.gz --pgp-keyring archive.gpg
# What apt keeps: '_' for '/', and lists that it compressed again.
mkdir -p lists/partial
cp $dists/InRelease lists/mirror_dists_stable_InRelease
xz -0 -c $dists/main/binary-all/Packages >lists/mirror_dists_stable_main_binary-all_Packages.xz
expect 0 'main/binary-all/Packages, ' "$one" --archive lists --pgp-keyring archive.gpg
# Release with its signature beside it.
rm $dists/InRelease
ask 0 'dists/stable/Release, '

# ---- tampered, at each step

again
change whole/pool/one/one_1_all.deb $one 100
ask 4 'is not the'
ask 4 'NOT by '
cp whole/pool/two/two_1_all.deb $one # another package of the archive, under this name
"$VERIFY" signatures -q "$one" --archive mirror --pgp-keyring archive.gpg --json out.json
jq -e '.signatures[0].links[2].name == "pool/two/two_1_all.deb"' out.json >/dev/null ||
	fail "the wrong package was not called by its name"
again
size=$(wc -c <$one)
{ cat "$one" && printf '\n'; } >more && mv more $one
ask 4 'is not the'
[ "$(wc -c <$one)" -eq $((size + 1)) ]
again
sed -i "s/^Description: x/Description: y/" $dists/main/binary-all/Packages
rm $dists/main/binary-all/Packages.xz $dists/main/binary-all/Packages.gz
ask 4 "is not the 'main/binary-all/Packages' that was signed"
again # the package and the list changed to fit, the Release file not
change whole/pool/one/one_1_all.deb $one 100
(cd mirror && apt-ftparchive packages pool 2>/dev/null >dists/stable/main/binary-all/Packages)
rm $dists/main/binary-all/Packages.xz $dists/main/binary-all/Packages.gz
ask 4 'that was signed'
release # and the Release file made anew, with the old signature over it
cp whole/dists/stable/Release.gpg $dists
ask 4 'does not fit'
again
offset=$(grep -abo 'Codename: first' $dists/InRelease | cut -d: -f1)
change whole/dists/stable/InRelease $dists/InRelease $((offset + 11))
agree no
ask 4 'does not fit'
# What is not inside the signature: before, after, and in a header of the frame.
{ echo 'Origin: Evil' && cat whole/dists/stable/InRelease; } >$dists/InRelease
ask 4 'text before the signed message'
{ cat whole/dists/stable/InRelease && echo 'Origin: Evil'; } >$dists/InRelease
ask 4 'text after the signature'
sed '2a Origin: Evil' whole/dists/stable/InRelease >$dists/InRelease
ask 4 'a header other than Hash'
sed 's/^Suite: stable/-Suite: evil/' whole/dists/stable/InRelease >$dists/InRelease
ask 4 "starts with '-' and is not escaped"
# A second stanza, signed, in which a reader could look instead.
again
printf '\nOrigin: Evil\n' >>$dists/Release
sign a@example.org
agree yes
ask 4 '2 stanzas, where one belongs'
# The same name listed twice, as two files.
again
sed -i 's/^SHA256:/SHA256:\n 0000000000000000000000000000000000000000000000000000000000000000 7 main\/binary-all\/Packages/' $dists/Release
sign a@example.org
ask 4 'listed twice, as two files'
# Two stanzas' worth of digests in one: readers differ on which counts.
again
sed -i 's/^\(SHA256: .*\)/\1\nSHA256: 00/' $dists/main/binary-all/Packages
rm $dists/main/binary-all/Packages.xz $dists/main/binary-all/Packages.gz
release
sign a@example.org
ask 4 'malformed'

# ---- stripped, another key, weak, expired

again
rm $dists/InRelease $dists/Release.gpg
ask 4 'the Release file has no signature beside it'
rm $dists/Release
ask 4 'no Release file names that list'
again
rm $dists/main/binary-all/Packages*
ask 4 'no list of the archive names this file'
mkdir empty
expect 3 'holds no file of a Debian archive' "$one" --archive empty
again
sign o@example.org
agree no
ask 4 'untrusted'
expect 4 'untrusted' "$one" --archive whole --pgp-keyring other.gpg
expect 0 'valid' "$one" --archive mirror --pgp-keyring other.gpg
expect 4 'not the one that is pinned' "$one" --archive whole --pgp-keyring archive.gpg --signer \
	"pgp:$(gpg --with-colons -k o@example.org | awk -F: '/^fpr/{print $10; exit}')"
again
list -o APT::FTPArchive::SHA256=false -o APT::FTPArchive::SHA512=false
release
sign a@example.org
agree yes
ask 4 'weak'
ask 4 'the list names the file by MD5, SHA1 alone'
again
release -o APT::FTPArchive::Release::SHA256=false -o APT::FTPArchive::Release::SHA512=false
sign a@example.org
ask 4 'names the list'
again
gpg -u a@example.org --digest-algo SHA1 --clearsign -o $dists/InRelease $dists/Release
ask 4 'the digest is'
# Old lists hide what came after: good when they were signed, and said to be old now.
again
sed -i '/^Valid-Until:/d' $dists/Release
sed -i "s/^Date: .*/&\nValid-Until: $(LC_ALL=C date -u -d '6 seconds' '+%a, %d %b %Y %H:%M:%S UTC')/" $dists/Release
sign a@example.org
ask 0 'valid until' --at signing-time
sleep 7
ask 0 'there may be newer lists' --at signing-time
ask 4 'the Release file was valid until' --at now
sed -i 's/^Valid-Until: .*/Valid-Until: soon/' $dists/Release
sign a@example.org
ask 4 'no date'
# The key itself expired, or was revoked.
again
gpg --quick-set-expire "$(gpg --with-colons -k a@example.org | awk -F: '/^fpr/{print $10; exit}')" seconds=1
gpg --export a@example.org >expired.gpg
sleep 2
expect 4 'expired' "$one" --archive mirror --pgp-keyring expired.gpg --at now

# ---- Debian's own, as apt left it on this machine

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
if [ ! -r $keyring ] || ! ls /var/lib/apt/lists/*InRelease >/dev/null 2>&1 ||
	! (apt-get download hello >apt.log 2>&1); then
	echo "archive: Debian's own: no lists of apt, no keyring or no network here" >>"${VERIFY_SKIPS:-/dev/null}"
	exit 0
fi
set -- hello_*.deb
expect 0 'pool/main/h/hello/' "$1" --archive /var/lib/apt/lists --pgp-keyring $keyring
change "$1" "changed-$1" 1000
mv "changed-$1" "$1"
expect 4 'is not the' "$1" --archive /var/lib/apt/lists --pgp-keyring $keyring
