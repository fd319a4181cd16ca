# How a small signed file of each scheme is made, by the scheme's own tools, and made wrong
# in the ways of `table`. Read in by scripts/signature-matrix.
#
# recipe_NAME KIND, in an empty folder, makes `made`, or whatever it writes the name of to
# `file`, and writes to `arguments`, one a line, what `verify signatures` is given beside
# it. $keys is the folder that
# make_keys filled: good, expired, and weak signers below root, and other below nobody;
# OpenPGP keys of the same names in $keys/gnupg.
# shellcheck shell=sh disable=SC2154,SC2164 # keys is set, and set -e holds, where it is read in

# ---- bytes ------------------------------------------------------------------

# flip FILE OFFSET: one bit of one byte.
flip() {
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059
	printf "\\$(printf %o $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# flip_text FILE TEXT: in the first place where it stands.
flip_text() {
	flip "$1" "$(grep -abo -- "$2" "$1" | head -n 1 | cut -d: -f1)"
}

# flip_end FILE N: the byte so far from the end.
flip_end() {
	flip "$1" $(($(wc -c <"$1") - $2))
}

# flip_rsa FILE: the value of a signer's RSA signature in CMS, which is the last to name
# that algorithm (rsaEncryption) before it.
flip_rsa() {
	flip "$1" "$(perl -0777 -ne 'print rindex($_, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") + 40' "$1")"
}

# other_digit FILE LINE COLUMN: another digit of base64.
other_digit() {
	perl -pi -e "substr(\$_, $3, 1) = substr(\$_, $3, 1) eq 'A' ? 'B' : 'A' if \$. == $2" "$1"
}

argue() {
	printf '%s\n' "$@" >>arguments
}

# ---- keys -------------------------------------------------------------------

# x509 NAME SUBJECT EXTENSIONS BITS [ISSUER [START END]]
x509() {
	printf '%s\n' "$3" >"$1.ext"
	openssl req -new -newkey "rsa:$4" -nodes -keyout "$1.key" -subj "$2" -out "$1.csr" 2>/dev/null
	if [ -z "${5:-}" ]; then
		openssl x509 -req -in "$1.csr" -signkey "$1.key" -days 3650 -extfile "$1.ext" \
			-out "$1.pem" 2>/dev/null
		return
	fi
	: >index.txt
	openssl ca -batch -config ca.conf -cert "$5.pem" -keyfile "$5.key" -in "$1.csr" \
		-startdate "${6:-20250101000000Z}" -enddate "${7:-20990101000000Z}" \
		-extfile "$1.ext" -notext -create_serial -out "$1.pem" 2>ca.log || { cat ca.log; return 1; }
}

gpg() {
	command gpg --batch --quiet --yes --no-tty --pinentry-mode loopback --passphrase '' "$@" 2>/dev/null
}

# make_keys FOLDER
make_keys() {
	mkdir -p "$1"
	cd "$1"
	cat >ca.conf <<'CA'
[ca]
default_ca = x
[x]
database = index.txt
serial = serial
new_certs_dir = .
default_md = sha256
policy = any
unique_subject = no
[any]
countryName = optional
organizationName = optional
commonName = supplied
CA
	authority='basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign,cRLSign'
	code='keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
	x509 root '/C=CH/O=Muster AG/CN=Root' "$authority" 2048
	x509 stranger '/C=CH/O=Other/CN=Root' "$authority" 2048
	x509 good '/C=CH/O=Muster AG/CN=Signer' "$code" 2048 root
	x509 expired '/C=CH/O=Muster AG/CN=Signer' "$code" 2048 root 20200101000000Z 20210101000000Z
	x509 weak '/C=CH/O=Muster AG/CN=Signer' "$code" 1024 root
	x509 other '/C=CH/O=Other/CN=Signer' "$code" 2048 stranger
	for name in good expired weak other; do
		openssl pkcs12 -export -in "$name.pem" -inkey "$name.key" -passout pass:password \
			-name x -out "$name.p12" 2>/dev/null
	done
	GNUPGHOME=$PWD/gnupg
	export GNUPGHOME
	mkdir -m 700 gnupg
	gpg --quick-gen-key 'good <good@example.org>' rsa2048 sign never
	gpg --quick-gen-key 'other <other@example.org>' rsa2048 sign never
	gpg --quick-gen-key 'weak <weak@example.org>' rsa1024 sign never
	gpg --faked-system-time 20200101T000000 --quick-gen-key 'expired <expired@example.org>' \
		rsa2048 sign 1y
	for name in good other weak expired; do
		gpg --export "$name@example.org" >"$name.gpg"
	done
}

# who KIND: the signer.
who() {
	case $1 in
	expired | weak) echo "$1" ;;
	anchor) echo other ;;
	*) echo good ;;
	esac
}

# trust_root; trust_openpgp KIND: what the user trusts.
trust_root() {
	argue --trust "$keys/root.pem"
}
trust_openpgp() {
	signer=$(who "$1")
	[ "$signer" != other ] || signer=good
	argue --pgp-keyring "$keys/$signer.gpg"
	[ "$1" != expired ] || argue --at now
}

# sign_openpgp KIND ARGUMENT...: gpg's options for that signer.
sign_openpgp() {
	signer=$(who "$1")
	shift
	if [ "$signer" = expired ]; then
		gpg --faked-system-time 20200601T000000 -u "$signer@example.org" "$@"
	else
		gpg -u "$signer@example.org" "$@"
	fi
}

# ---- Authenticode -----------------------------------------------------------

# authenticode KIND PLAIN TEXT: `made`, with a byte of TEXT changed for "content".
authenticode() {
	signer=$(who "$1")
	osslsigncode sign -certs "$keys/$signer.pem" -key "$keys/$signer.key" -h sha256 \
		-in "$2" -out made
	case $1 in
	content) flip_text made "$3" ;;
	signature) flip_rsa made ;;
	stripped)
		mv made signed
		osslsigncode remove-signature -in signed -out made
		;;
	esac
	trust_root
}

recipe_pe() {
	echo 'int start(void) { return 42; }' >x.c
	gcc -c -ffreestanding -fno-pic -fcf-protection=none -fno-asynchronous-unwind-tables x.c
	objcopy -R .comment -R .note.gnu.property x.o
	ld -m i386pep --subsystem 10 -e start -o plain x.o
	authenticode "$1" plain 'DOS mode'
}

recipe_cab() {
	seq 1 100 >one.txt
	gcab -c plain one.txt
	authenticode "$1" plain 'one.txt'
}

recipe_msi() {
	seq 1 1000 >one.txt
	cat >x.wxs <<'WXS'
<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Name="Matrix" Id="12345678-1234-1234-1234-123456789012" Language="1033"
 Version="1.0" Manufacturer="x" UpgradeCode="12345678-1234-1234-1234-123456789013">
<Package/><Media Id="1" Cabinet="x.cab" EmbedCab="yes"/>
<Directory Id="TARGETDIR" Name="SourceDir"><Component Id="C" Guid="12345678-1234-1234-1234-123456789014">
<File Id="F" Name="one.txt" Source="one.txt"/></Component></Directory>
<Feature Id="M" Level="1"><ComponentRef Id="C"/></Feature>
</Product></Wix>
WXS
	wixl -o plain x.wxs
	authenticode "$1" plain 'Matrix'
}

# The block of comments is text: its last full line has the signature's value.
recipe_script() {
	signer=$(who "$1")
	printf 'Write-Output "hi"\r\nexit\r\n' >plain.ps1
	osslsigncode sign -certs "$keys/$signer.pem" -key "$keys/$signer.key" -h sha256 \
		-in plain.ps1 -out made.ps1
	mv made.ps1 made
	case $1 in
	content) flip_text made 'Output' ;;
	signature) flip_end made 80 ;;
	stripped) cp plain.ps1 made ;;
	esac
	trust_root
}

# ---- CMS --------------------------------------------------------------------

# sign_cms KIND IN OUT ARGUMENT...
sign_cms() {
	signer=$(who "$1") from=$2 to=$3
	shift 3
	openssl cms -sign -binary -outform DER -signer "$keys/$signer.pem" \
		-inkey "$keys/$signer.key" -md sha256 "$@" -in "$from" -out "$to"
}

# As sign-file of Linux writes it.
recipe_kernel_module() {
	echo 'int table[50] = {1};' >x.c
	gcc -c -o x.elf x.c
	sign_cms "$1" x.elf x.der -noattr
	[ "$1" != signature ] || flip_rsa x.der
	{
		cat x.elf x.der
		perl -e 'print pack("C5x3N", 0, 0, 2, 0, 0, -s "x.der"), "~Module signature appended~\n"'
	} >made
	[ "$1" != content ] || flip_text made 'table'
	[ "$1" != stripped ] || cp x.elf made
	trust_root
}

recipe_cms() {
	seq 1 1000 >made
	sign_cms "$1" made made.p7s
	[ "$1" != signature ] || flip_rsa made.p7s
	[ "$1" != content ] || flip made 100
	[ "$1" = stripped ] || argue --detached made.p7s
	trust_root
}

# ---- firmware ---------------------------------------------------------------

recipe_uefi_variable() {
	signer=$(who "$1")
	cert-to-efi-sig-list "$keys/root.pem" x.esl
	sign-efi-sig-list -k "$keys/$signer.key" -c "$keys/$signer.pem" db x.esl made >sign.log
	case $1 in
	content) flip_end made 100 ;;
	# the message ends where the data begins
	signature) flip_end made $(($(wc -c <x.esl) + 10)) ;;
	stripped) cp x.esl made ;;
	esac
	trust_root
}

# ---- Apple ------------------------------------------------------------------

# apple KIND PLAIN: `made`, by the recipe in testdata/codesign.
apple() {
	signer=$(who "$1")
	python3 "$top/testdata/codesign/sign.py" "$2" made cert="$keys/$signer.pem" \
		key="$keys/$signer.key"
	case $1 in
	content) flip made 600 ;;
	signature) flip_rsa made ;;
	stripped) cp "$2" made ;;
	esac
	trust_root
}
recipe_macho() {
	echo 'int table[5000] = {1}; int f(int x) { return table[x]; }' >x.c
	clang -target x86_64-apple-macos11 -O1 -c -o x.o x.c
	ld64.lld-14 -arch x86_64 -platform_version macos 11 11 -dylib x.o -o plain
	apple "$1" plain
}
recipe_dmg() {
	mkdir in
	seq 1 1000 >in/numbers
	xorriso -as mkisofs -quiet -R -o x.iso in 2>iso.log
	python3 "$top/testdata/dmg/make.py" x.iso plain
	apple "$1" plain
}
recipe_xar() {
	signer=$(who "$1")
	seq 1 1000 >numbers
	set -- "$1" cert="$keys/$signer.pem" key="$keys/$signer.key"
	# the bare signature has room for RSA of 2048 bits
	[ "$1" != weak ] || set -- "$@" style=cms
	[ "$1" != stripped ] || set -- stripped
	kind=$1
	shift
	python3 "$top/testdata/xar/make.py" made numbers "$@"
	case $kind in
	content) flip_end made 2 ;;
	signature) flip_rsa made ;;
	esac
	trust_root
}

# ---- archives with a manifest -------------------------------------------------

# put MEMBER...: into the archive `made`; zip would give its name an ending.
put() {
	mv made made.zip
	zip -q made.zip "$@"
	mv made.zip made
}

# flip_block: the value of the signature in META-INF/NAME.RSA of the archive `made`.
flip_block() {
	unzip -q made 'META-INF/*.RSA'
	flip_rsa META-INF/*.RSA
	put META-INF/*.RSA
}

recipe_jar() {
	seq 1 1000 >numbers
	jar --create --file plain.jar numbers
	jarsigner -keystore "$keys/$(who "$1").p12" -storepass password -signedjar made \
		plain.jar x
	case $1 in
	content) seq 1 1001 >numbers && put numbers ;;
	signature) flip_block ;;
	stripped) cp plain.jar made ;;
	esac
	trust_root
}

# ---- Android packages -------------------------------------------------------

# android KIND ARGUMENT...
android() {
	kind=$1
	shift
	mkdir -p d/assets
	printf 'no real manifest\n' >d/AndroidManifest.xml
	seq 1 1000 >d/assets/numbers
	(cd d && zip -q -X -0 ../raw.zip AndroidManifest.xml assets/numbers)
	zipalign 4 raw.zip plain
	apksigner sign --ks "$keys/$(who "$kind").p12" --ks-pass pass:password \
		--min-sdk-version 28 --v1-signing-enabled false --v4-signing-enabled false \
		"$@" --out made plain
	case $kind in
	content) flip_text made 'no real' ;;
	signature) if unzip -l made | grep -q META-INF; then
		flip_block
	else # what stands before the signer's key, its last item
		flip made "$(perl -0777 -ne 'print rindex($_, "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01") - 40' made)"
	fi ;;
	stripped) cp plain made ;;
	esac
	trust_root
}
recipe_apk_v1() {
	android "$1" --v1-signing-enabled true --v2-signing-enabled false \
		--v3-signing-enabled false --min-sdk-version 21
}
recipe_apk_v2() { android "$1" --v3-signing-enabled false; }
recipe_apk_v3() { android "$1" --v2-signing-enabled false; }

# ---- packages of Windows and of .NET ----------------------------------------

recipe_appx() {
	signer=$(who "$1")
	python3 "$top/testdata/signature/appx.py" plain.appx zip
	osslsigncode sign -certs "$keys/$signer.pem" -key "$keys/$signer.key" -h sha256 \
		-in plain.appx -out made
	case $1 in
	content) flip_text made '20202' ;;
	signature) flip made "$(($(grep -abo 'AppxSignature.p7x' made | head -n 2 | tail -n 1 | cut -d: -f1) + 600))" ;;
	stripped) cp plain.appx made ;;
	esac
	trust_root
}

# Made as NuGet's documentation says: the tool itself does not run here.
recipe_nuget() {
	for suffix in pem key; do
		cp "$keys/$(who "$1").$suffix" "signer.$suffix"
		cp "$keys/root.$suffix" .
	done
	mkdir -p d/lib
	printf '<package><metadata><id>x</id></metadata></package>\n' >d/x.nuspec
	seq 1 4000 >d/lib/numbers
	(cd d && zip -q -X ../plain.nupkg x.nuspec lib/numbers)
	flipped=
	[ "$1" != signature ] || flipped=flip=5
	# shellcheck disable=SC2086 # none, or one word
	python3 "$top/testdata/signature/nuget.py" plain.nupkg made signer $flipped
	case $1 in
	content) flip made $(($(grep -abo 'lib/numbers' made | head -n 1 | cut -d: -f1) + 100)) ;;
	stripped) cp plain.nupkg made ;;
	esac
	trust_root
}

# ---- lists of digests -------------------------------------------------------

recipe_checksums() {
	seq 1 1000 >made
	sha256sum made >SHA256SUMS
	[ "$1" != weak ] || sha1sum made >SHA256SUMS
	signer=$1
	[ "$1" != weak ] || signer=valid # the list is, not who signed it
	sign_openpgp "$signer" --detach-sign -o SHA256SUMS.sig SHA256SUMS
	case $1 in
	content) flip made 100 ;;
	signature) flip_end SHA256SUMS.sig 20 ;;
	esac
	argue --list SHA256SUMS
	[ "$1" = stripped ] || argue --detached SHA256SUMS.sig
	trust_openpgp "$signer"
}

# ---- packages ---------------------------------------------------------------

recipe_rpm() {
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
	rpmbuild -bb --define "_topdir $PWD/top" --define '_build_id_links none' x.spec
	cp top/RPMS/noarch/x-1-1.noarch.rpm made
	set -- "$1" --define "_gpg_name $(who "$1")@example.org" \
		--define "_gpg_path $GNUPGHOME" --define '__gpg /usr/bin/gpg'
	[ "$1" != expired ] ||
		set -- "$@" --define '_gpg_sign_cmd_extra_args --faked-system-time 20200601T000000'
	kind=$1
	shift
	rpmsign --addsign "$@" made
	set -- "$kind"
	case $1 in
	content) flip_end made 20 ;;
	signature) # behind the packet's issuer
		flip made $(($(grep -abo "$(who "$1")@example.org" made | head -n 1 | cut -d: -f1) + 60))
		;;
	stripped) rpmsign --delsign made ;;
	esac
	trust_openpgp "$1"
}

# plain_deb OUT
plain_deb() {
	mkdir -p d/DEBIAN d/usr/share/x
	printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: x\n' >d/DEBIAN/control
	seq 1 1000 >d/usr/share/x/numbers
	dpkg-deb --root-owner-group -b d "$1"
}

# flip_data FILE: a byte of the data archive, which a signature follows.
flip_data() {
	flip "$1" $(($(grep -abo 'data.tar' "$1" | head -n 1 | cut -d: -f1) + 100))
}

# The tool asks gpg for SHA-1 (--openpgp), and takes no options for it: they are in its
# configuration.
recipe_debsigs() {
	plain_deb made
	[ "$1" != expired ] || echo 'faked-system-time 20200601T000000' >"$GNUPGHOME/gpg.conf"
	debsigs --sign=origin --default-key="$(who "$1")@example.org" made
	rm -f "$GNUPGHOME/gpg.conf"
	case $1 in
	content) flip_data made ;;
	signature) flip_end made 40 ;;
	stripped) debsigs --delete=origin made ;;
	esac
	trust_openpgp "$1"
}

# The same member with a digest of today, which the tool cannot ask gpg for.
recipe_debsigs_sha256() {
	plain_deb made
	mkdir m
	(cd m && ar x ../made && cat debian-binary control.tar.* data.tar.*) >parts
	sign_openpgp "$1" --detach-sign -o m/_gpgorigin parts
	[ "$1" != signature ] || flip_end m/_gpgorigin 20
	[ "$1" = stripped ] || (cd m && ar rc ../made _gpgorigin)
	[ "$1" != content ] || flip_data made
	trust_openpgp "$1"
}

# dpkg-sig is no longer packaged: a signed list, as it wrote them.
recipe_dpkg_sig() {
	plain_deb made
	mkdir m
	(
		cd m
		ar x ../made
		printf 'Version: 4\nSigner: \nDate: now\nRole: builder\nFiles: \n'
		for part in debian-binary control.tar.* data.tar.*; do
			printf '\t%s %s %s %s\n' "$(md5sum <"$part" | cut -d' ' -f1)" \
				"$(sha1sum <"$part" | cut -d' ' -f1)" "$(wc -c <"$part")" "$part"
		done
	) >list
	sign_openpgp "$1" --clearsign -o m/_gpgbuilder list
	[ "$1" != signature ] || flip_end m/_gpgbuilder 100
	[ "$1" = stripped ] || (cd m && ar rc ../made _gpgbuilder)
	[ "$1" != content ] || flip_data made
	trust_openpgp "$1"
}

# ---- OpenPGP ----------------------------------------------------------------

recipe_openpgp_inline() {
	seq 1 1000 >plain
	sign_openpgp "$1" --clearsign -o made plain
	case $1 in
	content) flip_text made '500' ;;
	signature) flip_end made 100 ;;
	stripped) cp plain made ;;
	esac
	trust_openpgp "$1"
}

recipe_openpgp_detached() {
	seq 1 1000 >made
	sign_openpgp "$1" --detach-sign -o made.sig made
	case $1 in
	content) flip made 100 ;;
	signature) flip_end made.sig 20 ;;
	esac
	[ "$1" = stripped ] || argue --detached made.sig
	trust_openpgp "$1"
}

recipe_dsc() {
	mkdir -p x-1.0/debian/source
	echo '3.0 (native)' >x-1.0/debian/source/format
	printf 'Source: x\nMaintainer: m <m@example.org>\nStandards-Version: 4.6.0\n\nPackage: x\nArchitecture: all\nDescription: x\n x\n' >x-1.0/debian/control
	printf 'x (1.0) unstable; urgency=low\n\n  * x\n\n -- m <m@example.org>  Wed, 25 Nov 2026 00:00:00 +0000\n' >x-1.0/debian/changelog
	dpkg-source -b x-1.0
	[ "$1" != weak ] || sed -i '/^Checksums-/,/^ /d' x_1.0.dsc
	signer=$1
	[ "$1" != weak ] || signer=valid # what it lists is weak, not who signed
	sign_openpgp "$signer" --clearsign -o made x_1.0.dsc
	case $1 in
	content) flip x_1.0.tar.xz 100 ;;
	signature) flip_end made 100 ;;
	stripped) cp x_1.0.dsc made ;;
	esac
	signer=$1
	[ "$1" != weak ] || signer=valid
	trust_openpgp "$signer"
}

recipe_debian_archive() {
	mkdir -p a/pool a/dists/stable/main/binary-all
	plain_deb a/pool/x_1_all.deb
	lists=true
	[ "$1" != weak ] || lists=false
	(
		cd a
		apt-ftparchive -o APT::FTPArchive::SHA256=$lists -o APT::FTPArchive::SHA512=$lists \
			packages pool >dists/stable/main/binary-all/Packages
		cd dists/stable
		apt-ftparchive release . >../Release
		[ "$1" != expired ] || echo 'Valid-Until: Wed, 01 Jan 2020 00:00:00 UTC' >>../Release
		mv ../Release .
		signer=$1
		case $1 in
		expired | weak) signer=valid ;; # the lists are, not who signed them
		esac
		sign_openpgp "$signer" --clearsign -o InRelease Release
		rm Release
		case $1 in
		signature) flip_end InRelease 100 ;;
		stripped) rm InRelease ;;
		esac
	)
	cp a/pool/x_1_all.deb .
	[ "$1" != content ] || flip_data x_1_all.deb
	echo x_1_all.deb >file
	argue --archive a
	case $1 in
	expired | weak) trust_openpgp valid ;;
	*) trust_openpgp "$1" ;;
	esac
	[ "$1" != expired ] || argue --at now
}

# ---- bare keys --------------------------------------------------------------

recipe_minisign() {
	seq 1 1000 >made
	for name in good other; do
		minisign -G -W -p $name.pub -s $name.key
	done
	minisign -S -s "$(who "$1").key" -m made -x made.sig
	case $1 in
	content) flip made 100 ;;
	signature) other_digit made.sig 2 60 ;;
	esac
	[ "$1" = stripped ] || argue --detached made.sig
	argue --key good.pub
}

recipe_signify() {
	seq 1 1000 >made
	for name in good other; do
		signify-openbsd -G -n -p $name.pub -s $name.sec
	done
	signify-openbsd -S -s "$(who "$1").sec" -m made -x made.sig
	case $1 in
	content) flip made 100 ;;
	signature) other_digit made.sig 2 60 ;;
	esac
	[ "$1" = stripped ] || argue --detached made.sig
	argue --key good.pub
}

recipe_sshsig() {
	seq 1 1000 >made
	ssh-keygen -q -t ed25519 -N '' -f good
	ssh-keygen -q -t ed25519 -N '' -f other
	ssh-keygen -q -t rsa -b 1024 -N '' -f weak
	ssh-keygen -q -Y sign -f "$(who "$1")" -n file made
	case $1 in
	content) flip made 100 ;;
	signature) other_digit made.sig 4 20 ;;
	esac
	[ "$1" = stripped ] || argue --detached made.sig
	argue --key good.pub --key weak.pub
}

# ---- anti-virus databases, browsers, phones -----------------------------------

# public KIND: the key that the user has, and that a good signer signs with.
public() {
	signer=$(who "$1")
	[ "$signer" != other ] || signer=good
	openssl pkey -in "$keys/$signer.key" -pubout -out key.pub
	argue --key key.pub
}

# clamav_archive [KEY]: d.tar.gz, with a list of its member that the key signs.
clamav_archive() {
	# shellcheck source=testdata/signature/clamav-functions
	. "$top/testdata/signature/clamav-functions"
	mkdir d
	echo license >d/COPYING
	seq 1 500 >d/x.ndb
	archive d "$@"
}
recipe_clamav() {
	clamav_archive
	signed=$(md5_signature "$keys/$(who "$1").key" d.tar.gz)
	[ "$1" != stripped ] || signed=X
	database d.tar.gz "$signed" made
	case $1 in
	content) flip_end made 100 ;;
	signature) flip_text made "$(echo "$signed" | cut -c100-120)" ;;
	esac
	public "$1"
}
recipe_clamav_list() {
	clamav_archive "$keys/$(who "$1").key"
	case $1 in
	content) flip_text d/x.ndb 250 ;;
	signature) perl -pi -e 's/^(DSIG:.{50})(.)/$1 . ($2 eq "b" ? "c" : "b")/e' d/x.info ;;
	stripped) perl -ni -e 'print if !/^DSIG/' d/x.info ;;
	esac
	pack d
	database d.tar.gz X made
	public "$1"
}
recipe_clamav_update() {
	# shellcheck source=testdata/signature/clamav-functions
	. "$top/testdata/signature/clamav-functions"
	printf 'OPEN x.ndb\nADD Evil:0:*:616263\nCLOSE\n' >script
	printf 'ClamAV-Diff:8:%u:' "$(wc -c <script)" >body
	gzip -9n <script >>body
	[ "$1" = stripped ] || signed=$(pss_signature "$keys/$(who "$1").key" body)
	cp body made
	printf ':%s' "${signed:-X}" >>made
	case $1 in
	content) flip made 12 ;;
	signature) perl -pi -e 's/(.)(.{50})$/($1 eq "b" ? "c" : "b") . $2/e' made ;;
	esac
	public "$1"
}
recipe_clamav_sign() {
	clamav_archive
	database d.tar.gz X made
	sign_cms "$1" made message
	[ "$1" != signature ] || flip_rsa message
	printf '#clamsign-1.0\n220::pkcs7-pem:%s\n' "$(base64 -w0 message)" >made.sign
	[ "$1" != content ] || flip_end made 100
	[ "$1" = stripped ] || argue --detached made.sign
	trust_root
}
recipe_crx() {
	seq 1 1000 >numbers.js
	zip -qX x.zip numbers.js
	signer=$keys/$(who "$1").key
	if [ "$1" = stripped ]; then
		python3 "$top/testdata/signature/crx.py" made x.zip "$signer"
	else
		python3 "$top/testdata/signature/crx.py" made x.zip "$signer" "$signer"
	fi
	case $1 in
	content) flip_end made 300 ;;
	signature) flip made 400 ;;
	esac
	public "$1"
}
recipe_mar() {
	mkdir in
	seq 1 1000 >in/omni.ja
	if [ "$1" = stripped ]; then
		python3 "$top/testdata/signature/mar.py" made
	else
		python3 "$top/testdata/signature/mar.py" made "2:$keys/$(who "$1").key"
	fi
	case $1 in
	content) flip_end made 300 ;;
	signature) flip made 100 ;;
	esac
	public "$1"
}
recipe_android_payload() {
	if [ "$1" = stripped ]; then
		python3 "$top/testdata/signature/payload.py" made
	else
		python3 "$top/testdata/signature/payload.py" made "$keys/$(who "$1").key"
	fi
	case $1 in
	content) flip_end made 1000 ;;
	signature) flip_end made 50 ;;
	esac
	public "$1"
}
recipe_android_ota() {
	seq 1 1000 >payload_properties.txt
	zip -qX plain.zip payload_properties.txt
	head -c -2 plain.zip >signed
	sign_cms "$1" signed message -noattr
	[ "$1" != signature ] || flip_rsa message
	python3 "$top/testdata/signature/ota.py" made
	case $1 in
	content) flip made 100 ;;
	stripped) cp plain.zip made ;;
	esac
	trust_root
}
