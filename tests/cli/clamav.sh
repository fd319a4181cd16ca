# verify signatures: ClamAV's databases and updates. No tool signs one but ClamAV's own
# server: made here with openssl as libclamav checks them (dsig.c, cvd.c, readdb.c), and
# with its newer signatures beside.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 gzip tar

# shellcheck source=testdata/signature/clamav-functions
. "$SOURCE/testdata/signature/clamav-functions"

for name in one two list; do
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $name.key 2>/dev/null
	openssl pkey -in $name.key -pubout -out $name.pub
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key 2>/dev/null
openssl pkey -in short.key -pubout -out short.pub

mkdir d && echo license >d/COPYING
echo 'Alpha:0:*:616263' >d/x.ndb
echo 'Beta;Target:0;0;646566' >d/x.ldb
archive d list.key

# ---- the signature in the header: weak at best

database d.tar.gz "$(md5_signature one.key d.tar.gz)" good.cvd
database d.tar.gz "$(md5_signature short.key d.tar.gz)" short.cvd
expect 4 'weak: field of the header, at offset 75: the file'\''s digest algorithm md5 is broken' \
	good.cvd --key one.pub --key list.pub
expect 4 'is the bare digest, without padding' good.cvd --key one.pub --key list.pub
expect 4 '1 of 2 signatures valid' good.cvd --key one.pub --key list.pub
expect 4 'has only 1024 bits' short.cvd --key short.pub --key list.pub
expect 4 'neither a key that was given nor ClamAV'\''s own' good.cvd --key two.pub --key list.pub
size=$(wc -c <good.cvd)
change good.cvd content.cvd $((size - 6))
expect 4 'the MD5 in the header is not that of the content' content.cvd --key one.pub --key list.pub
change good.cvd letter.cvd 80
expect 4 'invalid' letter.cvd --key one.pub --key list.pub
{ cat good.cvd && echo more; } >long.cvd
expect 4 'the MD5 in the header is not that of the content' long.cvd --key one.pub --key list.pub
# The header's MD5 made to fit other content: the signature is over the old one.
echo 'Gamma:0:*:676869' >>d/x.ndb
pack d
database d.tar.gz "$(head -c 512 good.cvd | cut -d: -f7)" swapped.cvd
expect 4 'does not fit' swapped.cvd --key one.pub --key list.pub
# ClamAV compares 128 bits of what it opens: here is more above them, and the same
# signature plus the modulus. libclamav takes both; they are no signatures.
sed -i '$d' d/x.ndb && pack d
database d.tar.gz "$(md5_signature one.key d.tar.gz 1234)" above.cvd
expect 4 'does not fit' above.cvd --key one.pub --key list.pub
modulus=$(openssl rsa -in one.key -noout -modulus 2>/dev/null | cut -d= -f2)
md5_signature one.key d.tar.gz >/dev/null
database d.tar.gz "$(openssl pkeyutl -decrypt -inkey one.key -pkeyopt rsa_padding_mode:none -in block |
	letters "$(python3 -c "print(int('$modulus', 16))")")" again.cvd
expect 4 'does not fit' again.cvd --key one.pub --key list.pub
database d.tar.gz 'not-letters' other.cvd
expect 4 "not a number in ClamAV's letters" other.cvd --key one.pub --key list.pub

# ---- the signed list of members, which alone is strong: a database that freshclam has
# brought up to date (.cld) has no other one

database d.tar X plain.cld
expect 0 '1 of 1 signature valid' plain.cld --key list.pub
database d.tar.gz X good.cld
expect 0 '1 of 1 signature valid' good.cld --key list.pub
"$VERIFY" signatures good.cld --key list.pub --json - >json 2>/dev/null || fail "no findings"
grep -q '"COPYING"' json || fail "COPYING is not told as uncovered"
grep -q '"covers": "part"' json || fail "not told that a part is covered"
openssl pkey -pubin -in list.pub -outform DER -out list.der
expect 0 '1 of 1 signature valid' good.cld --key list.der
expect 4 'neither a key that was given' good.cld --key one.pub
expect 4 'neither a key that was given' good.cld
database d.tar.gz X newer.cld 8
expect 4 'the header says another version' newer.cld --key list.pub
tampered() { # WHAT TEXT: after a change in the folder t
	pack t && database t.tar.gz X t.cld
	expect 4 "$1" t.cld --key list.pub
	rm -rf t
}
cp -r d t && echo more >>t/x.ldb && tampered "member 'x.ldb' is another one than the list says"
cp -r d t && sed -i 's/^x.ldb:/x.mdb:/' t/x.info && tampered 'does not fit'
cp -r d t && mv t/x.ldb t/x.mdb && tampered "names 'x.ldb', of which there are 0"
cp -r d t && echo 'x.hdb:1:00' >>t/x.info && tampered 'behind the signature of the list'
cp -r d t && sed -i '/^DSIG/d' t/x.info && tampered 'unsigned'
cp -r d t && echo Delta:0:*:00 >t/y.ndb && pack t && database t.tar.gz X t.cld
"$VERIFY" signatures t.cld --key list.pub --json - >json 2>/dev/null || fail "no findings"
grep -q '"y.ndb"' json || fail "y.ndb is not told as uncovered"

# A policy that asks for the list's key takes a database whose header is weak beside it.
printf '%s\n' 'Format: verify-policy 1' 'Signers: any-of lists' '' 'Trust: lists' 'Key: list.pub' >p
expect 0 'ok Signers: any-of lists' good.cvd --policy p --key one.pub
expect 4 'FAIL Signers: any-of lists' letter.cvd --policy p --key one.pub
expect 4 'FAIL Signers: any-of lists' content.cvd --policy p --key one.pub
sed -i 's/list.pub/one.pub/' p
expect 4 'FAIL Signers: any-of lists' good.cvd --policy p --key list.pub

# ---- updates

printf 'OPEN x.ndb\nADD Evil:0:*:616263\nCLOSE\n' >script
{ printf 'ClamAV-Diff:8:%u:' "$(wc -c <script)" && gzip -9n <script; } >body
{ cat body && printf ':%s' "$(pss_signature two.key body)"; } >good.cdiff
expect 0 '1 of 1 signature valid' good.cdiff --key two.pub
expect 4 'neither a key that was given' good.cdiff --key one.pub
change good.cdiff header.cdiff 12
expect 4 'does not fit' header.cdiff --key two.pub
change good.cdiff script.cdiff 40
expect 4 'does not fit' script.cdiff --key two.pub
change good.cdiff letter.cdiff $(($(wc -c <good.cdiff) - 9))
expect 4 '' letter.cdiff --key two.pub
{ cat good.cdiff && printf a; } >long.cdiff # a zero digit more: the same number
expect 0 '' long.cdiff --key two.pub
{ cat good.cdiff && printf b; } >long.cdiff
expect 4 'does not fit' long.cdiff --key two.pub
{ cat body && printf :X; } >stripped.cdiff
expect 4 'unsigned' stripped.cdiff --key two.pub
{ cat body && printf ':%s' "$(openssl dgst -sha1 -sign two.key body | letters)"; } >pkcs1.cdiff
expect 4 'does not fit' pkcs1.cdiff --key two.pub

# ---- signatures beside

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate signer '/C=CH/O=Muster AG/CN=Signer' root 'keyUsage=critical,digitalSignature'
certificate other '/C=CH/O=Muster AG/CN=Other' self 'keyUsage=critical,digitalSignature'
message() { # FILE SIGNER: one line of base64
	openssl smime -sign -binary -in "$1" -signer "$2.pem" -inkey "$2.key" -outform DER |
		base64 -w0
}
{ echo '#clamsign-1.0' && echo "220::pkcs7-pem:$(message good.cld signer)"; } >good.cld.sign
expect 0 'functionality levels: 220 to any' good.cld --detached good.cld.sign --trust root.pem --key list.pub
expect 4 'untrusted' good.cld --detached good.cld.sign --trust other.pem --key list.pub
expect 4 'invalid' plain.cld --detached good.cld.sign --trust root.pem --key list.pub
expect 3 'a version of the file that is not known here' good.cld --trust root.pem --key list.pub \
	--detached "$(sed 's/1\.0/2.0/' good.cld.sign >version.sign && echo version.sign)"
expect 3 'a form of signature that is not known' good.cld --trust root.pem --key list.pub \
	--detached "$(sed 's/pkcs7/pkcs8/' good.cld.sign >form.sign && echo form.sign)"
expect 4 'four fields' good.cld --trust root.pem --key list.pub \
	--detached "$(sed 's/220:/x:/' good.cld.sign >fields.sign && echo fields.sign)"
expect 4 'there is no signature in it' good.cld --trust root.pem --key list.pub \
	--detached "$(head -n 1 good.cld.sign >none.sign && echo none.sign)"
# Two, one of them another's; one good and one bad: the worse one counts.
{ cat good.cld.sign && echo && echo "220:230:pkcs7-pem:$(message good.cld other)"; } >both.sign
expect 4 '1 of 2 signatures valid' good.cld --detached both.sign --trust root.pem --key list.pub
{ cat good.cld.sign && echo "220::pkcs7-pem:$(message plain.cld signer)"; } >bad.sign
expect 4 'invalid' good.cld --detached bad.sign --trust root.pem --key list.pub

# ---- in a product, each is found

mkdir product && cp good.cld good.cld.sign good.cdiff product/ && tar -cf product.tar product
expect 0 '3 of 3 signatures valid' product.tar --trust root.pem --key list.pub --key two.pub

mv product/good.cld.sign product/good-7.cld.sign && tar -cf product.tar product
expect 0 '3 of 3 signatures valid' product.tar --trust root.pem --key list.pub --key two.pub
sed -i '$d' product/good-7.cld.sign && echo "220::pkcs7-pem:$(message plain.cld signer)" >>product/good-7.cld.sign
tar -cf product.tar product
expect 4 '2 of 3 signatures valid' product.tar --trust root.pem --key list.pub --key two.pub
for name in good-.cld good7.cld -7.cld good-x.cld good-7.txt; do
	rm product/*.sign
	cp good.cld.sign "product/$name.sign"
	tar -cf product.tar product
	expect 0 '2 of 2 signatures valid' product.tar --trust root.pem --key list.pub --key two.pub
done

# ---- comparing past the signature

compare() { # STATUS SHIPPED REBUILT
	"$VERIFY" compare "$2" "$3" --json json >out 2>&1 || true
	grep -q "\"bytes\": \"$1\"" json || {
		grep '"text"' json
		fail "$2 and $3 are not $1"
	}
}
# ClamAV's own key has 1024 bits, and so has the place in the header.
database d.tar.gz X rebuilt.cvd
compare reproduced-except-signature short.cvd rebuilt.cvd
change rebuilt.cvd another.cvd $((size - 200))
compare differs short.cvd another.cvd
compare reproduced-except-signature good.cdiff body
compare reproduced-except-signature good.cdiff stripped.cdiff
change body another.cdiff 30
compare differs good.cdiff another.cdiff
