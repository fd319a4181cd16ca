# verify signatures: lists of digests, in a product and given with a file, and whoever
# signed them; each list's own word held against sha256sum or the scheme's tool.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need gpg jq minisign signify-openbsd ssh-keygen openssl sha256sum \
	x86_64-w64-mingw32-gcc

export GNUPGHOME="$PWD/gnupg"
mkdir -m 700 gnupg product
gpg -q --batch --passphrase '' --quick-gen-key 'list@example.org' ed25519 sign 2>/dev/null
gpg --export list@example.org >list.pgp
minisign -G -W -p mini.pub -s mini.key >/dev/null
signify-openbsd -G -n -p sig.pub -s sig.sec
ssh-keygen -q -t ed25519 -N '' -f ssh
certificate ca /C=CH/CN=ca self "$authority"
certificate signer /C=CH/CN=signer ca "$code"

seq 1 1000 >product/one
seq 1 2000 >product/two
mkdir product/sub && seq 1 3000 >product/sub/three
seq 9 99 >product/unlisted
(cd product && sha256sum one two sub/three) >good

# product LIST SIGNATURE...: product.tar with these beside the files.
pack() {
	rm -rf packed && cp -r product packed
	for file; do cp "$file" packed/; done
	tar -cf product.tar packed
}

# ---- every scheme over the list: valid, another file, another list, wrong key

cp good SHA256SUMS
gpg -q --batch -ab -o SHA256SUMS.asc SHA256SUMS
minisign -S -W -s mini.key -m SHA256SUMS >/dev/null 2>&1 ||
	minisign -S -s mini.key -m SHA256SUMS >/dev/null
signify-openbsd -S -s sig.sec -m SHA256SUMS -x signify.sig
ssh-keygen -q -Y sign -f ssh -n file SHA256SUMS 2>/dev/null
mv SHA256SUMS.sig ssh.sig
openssl cms -sign -binary -in SHA256SUMS -signer signer.pem -inkey signer.key \
	-outform DER -out SHA256SUMS.p7s
gpg -q --batch --clearsign -o clear.asc SHA256SUMS
(cd product && sha256sum --tag one two sub/three) >tagged
signify-openbsd -S -e -s sig.sec -m tagged -x embedded.sig

(cd product && sha256sum one && seq 7 70 | sha256sum | sed 's/-$/two/') >forged
# over NAME SIGNATURE TRUST...: the four cells of a scheme.
over() {
	name=$1 file=$2
	shift 2
	mkdir -p given && cp "$file" "given/$name"
	pack SHA256SUMS "given/$name"
	expect 0 'listed files: 3 covered' product.tar "$@"
	expect 0 'not in the list: unlisted' product.tar "$@"
	expect 4 "SHA256SUMS: untrusted" product.tar
	seq 7 70 >packed/two && tar -cf product.tar packed
	expect 4 "'two' has another digest than the list says" product.tar "$@"
	cp forged packed/SHA256SUMS && tar -cf product.tar packed
	expect 4 'the signature over the list' product.tar "$@"
	expect 0 'listed files: 1 covered' product/one --list SHA256SUMS \
		--detached "given/$name" "$@"
	expect 4 "the list does not name 'unlisted'" product/unlisted --list SHA256SUMS \
		--detached "given/$name" "$@"
	expect 4 'has another digest than the list says' forged.d/one --list SHA256SUMS \
		--detached "given/$name" "$@"
	expect 4 'the signature over the list' product/one --list forged \
		--detached "given/$name" "$@"
}
mkdir forged.d && cp product/two forged.d/one
(cd product && sha256sum -c --quiet ../SHA256SUMS) || fail 'sha256sum refuses the list'
over SHA256SUMS.asc SHA256SUMS.asc --pgp-keyring list.pgp
over SHA256SUMS.minisig SHA256SUMS.minisig --key mini.pub
over SHA256SUMS.sig signify.sig --key sig.pub
over SHA256SUMS.sig ssh.sig --key ssh.pub
over SHA256SUMS.p7s SHA256SUMS.p7s --trust ca.pem

# ---- lists that hold their signature

pack && cp clear.asc packed/SHA256SUMS.asc && tar -cf product.tar packed
expect 0 'listed files: 3 covered' product.tar --pgp-keyring list.pgp
expect 4 'untrusted' product.tar
expect 0 'listed files: 1 covered' product/two --list clear.asc --pgp-keyring list.pgp
sed 's/  two/  too/' clear.asc >packed/SHA256SUMS.asc && tar -cf product.tar packed
expect 4 'invalid' product.tar --pgp-keyring list.pgp
pack && cp embedded.sig packed/SHA256.sig && tar -cf product.tar packed
(cd product && signify-openbsd -C -q -p ../sig.pub -x ../embedded.sig) ||
	fail 'signify refuses the list'
expect 0 'listed files: 3 covered' product.tar --key sig.pub
expect 0 'listed files: 1 covered' product/one --list embedded.sig --key sig.pub
sed 's/(two)/(too)/' embedded.sig >packed/SHA256.sig && tar -cf product.tar packed
expect 4 'does not fit' product.tar --key sig.pub

# ---- stripped, weak, absent, refused

pack SHA256SUMS
expect 4 'nobody signed this list of digests' product.tar --pgp-keyring list.pgp
expect 4 'nobody signed this list of digests' product/one --list SHA256SUMS

# list NAME: sign what standard input says, under that name.
list() {
	rm -f "$1" "$1.asc"
	cat >"$1"
	gpg -q --batch -ab -o "$1.asc" "$1"
	pack "$1" "$1.asc"
}
(cd product && md5sum one) | list MD5SUMS
expect 4 'only MD5 of' product.tar --pgp-keyring list.pgp
(cd product && sha1sum one) | list SHA1SUMS
expect 4 'only SHA1 of' product.tar --pgp-keyring list.pgp
(cd product && md5sum one && sha512sum one) | list CHECKSUMS
expect 0 'listed files: 1 covered' product.tar --pgp-keyring list.pgp
(cd product && md5sum two | sed 's/two/one/' && sha512sum one) | list CHECKSUMS
expect 4 "'one' has another digest" product.tar --pgp-keyring list.pgp
(cd product && sha256sum --tag one && openssl dgst -sha512 two) | list CHECKSUM
expect 0 'listed files: 2 covered' product.tar --pgp-keyring list.pgp
(cd product && b2sum one) | list B2SUMS
expect 0 'listed files: 1 covered' product.tar --pgp-keyring list.pgp
(cd product && sha256sum one | sed 's/$/\r/') | list sha256sum.txt
expect 0 'listed files: 1 covered' product.tar --pgp-keyring list.pgp
(cd product && sha256sum one && sha256sum two | sed 's/two/gone/') | list SHA256SUMS
expect 0 'listed files: 1 covered, 1 absent' product.tar --pgp-keyring list.pgp
(cd product && sha256sum two | sed 's/two/gone/') | list SHA256SUMS
expect 3 'the list covers no file that is here' product.tar --pgp-keyring list.pgp
for name in ../one /one sub/../one 'sub//three' .; do
	(cd product && sha256sum two && sha256sum one | sed "s,one,$name,") | list SHA256SUMS
	expect 3 'which is no plain name in its folder: not followed' product.tar \
		--pgp-keyring list.pgp
done
(cd product && sha256sum one && sha256sum two | sed 's/two/one/') | list SHA256SUMS
expect 4 "'one' has another digest" product.tar --pgp-keyring list.pgp
(cd product && sha256sum one && echo 'what is this') | list SHA256SUMS
expect 3 '1 lines of the list are no digests known here' product.tar --pgp-keyring list.pgp
sha256sum product/one | cut -d' ' -f1 | list one.sha256
expect 0 'listed files: 1 covered' product.tar --pgp-keyring list.pgp

# A name with a backslash, as sha256sum escapes it; one with a newline and a terminal's
# escape is a trick and not followed.
cp product/one 'product/a\b'
(cd product && sha256sum 'a\b') | list SHA256SUMS
expect 0 'listed files: 1 covered' product.tar --pgp-keyring list.pgp
rm 'product/a\b'
odd=$(printf 'new\nline \033[31m')
cp product/one "product/$odd"
(cd product && sha256sum "$odd") | list SHA256SUMS
expect 3 'not followed' product.tar --pgp-keyring list.pgp
"$VERIFY" signatures product.tar --pgp-keyring list.pgp --json out.json --text /dev/null || :
jq -e '[.signatures[] | select(.scheme == "checksums") | .files[].name] ==
	["new\\nline \\x1b[31m"]' out.json >/dev/null || fail 'the name is not shown safely'
rm "product/$odd"

# ---- what a list covers lacks nothing

echo 'int main(void) { return 0; }' | x86_64-w64-mingw32-gcc -x c - -o product/run.exe
(cd product && sha256sum one) | list SHA256SUMS
expect 4 'run.exe: unsigned' product.tar --pgp-keyring list.pgp
(cd product && sha256sum one run.exe) | list SHA256SUMS
expect 0 '' product.tar --pgp-keyring list.pgp
expect 4 '' product.tar
