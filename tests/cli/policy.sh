# verify signatures --policy: each rule by name, met and not met, and descriptions that
# cannot be read.
set -eu
osslsigncode --help 2>&1 | grep -q -e -TSA-certs || {
	echo "needs an osslsigncode (2.6) that issues timestamps"
	exit 77
}
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl gcc ld minisign

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority" 3072
certificate swiss '/C=CH/O=Muster AG/CN=Signer' root "$code" 3072
certificate us '/C=US/O=Example Inc/CN=Signer' root "$code" 3072
certificate short '/C=CH/O=Muster AG/CN=Short' root "$code" 2048
certificate tsaroot '/C=CH/CN=Timestamp Root' self "$authority" 3072
certificate tsa '/C=CH/CN=Timestamps' tsaroot 'keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping' 3072

echo 'int start(void) { return 42; }' >x.c
gcc -c -ffreestanding -fno-pic -fcf-protection=none -fno-asynchronous-unwind-tables x.c
objcopy -R .comment -R .note.gnu.property x.o
ld -m i386pep --subsystem 10 -e start -o plain.exe x.o || {
	echo "this ld makes no PE images"
	exit 77
}
sign() { # CERTIFICATE TO ARGUMENT...
	certificate=$1 to=$2
	shift 2
	osslsigncode sign -certs "$certificate.pem" -key "$certificate.key" "$@" \
		-in plain.exe -out "$to" >sign.log 2>&1 || fail "osslsigncode: $(cat sign.log)"
}
now=$(date +%s)
sign swiss swiss.exe -h sha256 -TSA-certs tsa.pem -TSA-key tsa.key -TSA-time "$now"
sign us us.exe -h sha256 -TSA-certs tsa.pem -TSA-key tsa.key -TSA-time "$now"
sign short short.exe -h sha256 -TSA-certs tsa.pem -TSA-key tsa.key -TSA-time "$now"
sign swiss untimed.exe -h sha256
sign swiss sha384.exe -h sha384 -TSA-certs tsa.pem -TSA-key tsa.key -TSA-time "$now"

# ---- the Swiss policy

# policy NAME LINE...: a policy of the first stanza's lines.
policy() {
	file=$1.policy
	shift
	{
		echo 'Format: verify-policy 1'
		printf '%s\n' "$@"
		printf '%s\n' '' 'Trust: muster' 'Certificate: root.pem' '' 'Trust: stamps' \
			'Certificate: tsaroot.pem' 'Purpose: timestamps'
	} >"$file"
}
policy swiss 'Signers: any-of muster' 'Country: CH' 'Minimum-RSA: 3072' \
	'Timestamp: required' 'Schemes: authenticode' 'Digests: SHA-256'
expect 0 'ok Country: CH' swiss.exe --policy swiss.policy
expect 0 'ok Signers: any-of muster' swiss.exe --policy swiss.policy
expect 4 'FAIL Country: CH expected CH; found US' us.exe --policy swiss.policy
expect 4 'FAIL Minimum-RSA: 3072 expected 3072; found 2048' short.exe --policy swiss.policy
expect 4 'FAIL Timestamp: required expected required; found none' untimed.exe \
	--policy swiss.policy
expect 4 'FAIL Digests: SHA-256' sha384.exe --policy swiss.policy
expect 4 'FAIL' plain.exe --policy swiss.policy
expect 4 'us.exe' swiss.exe us.exe --policy swiss.policy
policy openpgp 'Schemes: openpgp'
expect 4 'FAIL Schemes: openpgp expected openpgp; found authenticode' swiss.exe \
	--policy openpgp.policy
policy issuer 'Issuer-Country: US'
expect 4 'FAIL Issuer-Country: US expected US; found CH' swiss.exe --policy issuer.policy

# Somebody else's root, with the country that is asked for.
certificate mallory '/C=CH/O=Muster AG/CN=Root' self "$authority" 3072
certificate forged '/C=CH/O=Muster AG/CN=Signer' mallory "$code" 3072
sign forged forged.exe -h sha256 -ac mallory.pem
expect 4 'FAIL Signers: any-of muster' forged.exe --policy swiss.policy

# ---- pins of a trust

spki=$(openssl x509 -in swiss.pem -noout -pubkey | openssl pkey -pubin -outform DER |
	sha256sum | cut -d' ' -f1)
pinned() { # LINE
	printf '%s\n' 'Format: verify-policy 1' '' 'Trust: muster' 'Certificate: root.pem' \
		"$1" >pinned.policy
}
pinned "SPKI-SHA256: $spki"
expect 0 "ok SPKI-SHA256: $spki" swiss.exe --policy pinned.policy
expect 4 'FAIL SPKI-SHA256' us.exe --policy pinned.policy
pinned 'Subject: CN=Signer,O=Muster AG,C=CH'
expect 0 'ok Subject' swiss.exe --policy pinned.policy
expect 4 'FAIL Subject' us.exe --policy pinned.policy

# ---- members of what is not signed itself, and what may stay unsigned

mkdir in && cp swiss.exe in/a.exe && cp plain.exe in/tool.exe
tar -cf product.tar in
expect 4 'FAIL Signers: any-of muster' product.tar --policy swiss.policy
policy some 'Country: CH' 'Unsigned:' ' in/tool*' ' other/*'
expect 0 'ok Unsigned: in/tool*' product.tar --policy some.policy
cp us.exe in/b.exe && tar -cf product.tar in
expect 4 'FAIL Country: CH' product.tar --policy some.policy

# ---- so many of them, with bare keys

for name in ada ben cem; do
	minisign -G -W -p "$name.pub" -s "$name.key" >/dev/null
	minisign -S -s "$name.key" -m plain.exe -x "by-$name" >/dev/null
done
{
	printf '%s\n' 'Format: verify-policy 1' 'Signers: 2-of ada ben cem'
	for name in ada ben cem; do printf '%s\n' '' "Trust: $name" "Key: $name.pub"; done
} >two.policy
expect 0 'ok Signers: 2-of ada ben cem' plain.exe --policy two.policy \
	--detached by-ada --detached by-cem
expect 4 'FAIL Signers: 2-of ada ben cem' plain.exe --policy two.policy --detached by-ada
expect 4 'FAIL Signers: 2-of ada ben cem' plain.exe --policy two.policy \
	--detached by-ada --detached by-ada
expect 4 'FAIL Signers: 2-of ada ben cem' swiss.exe --policy two.policy \
	--detached by-ada --detached by-ben

# ---- descriptions that cannot be read: file, line, and what to do

wrong() { # TEXT LINE...
	text=$1
	shift
	printf '%s\n' 'Format: verify-policy 1' "$@" >wrong.policy
	expect 2 "$text" swiss.exe --policy wrong.policy
}
wrong "wrong.policy:2: 'Contry': unknown field" 'Contry: CH'
wrong "wrong.policy:2: 'Country: CHE': not a country code" 'Country: CHE'
wrong "wrong.policy:2: 'Signers: 3-of a b': asks for more signers than it names" \
	'Signers: 3-of a b'
wrong "wrong.policy:2: 'Signers: one-of a': starts with none of" 'Signers: one-of a'
wrong "wrong.policy:2: 'Minimum-RSA: 512': not a number of bits" 'Minimum-RSA: 512'
wrong "wrong.policy:2: 'Timestamp: yes': unknown; give 'required'" 'Timestamp: yes'
wrong "wrong.policy:3: 'Product': not a kind of stanza" '' 'Product: x'
wrong "'Trust: a': has no anchor" '' 'Trust: a'
wrong "'Trust: a': has two anchors" '' 'Trust: a' 'Key: k' 'Certificate: root.pem'
wrong "'Trust: a': a Keyring needs a Signer" '' 'Trust: a' 'Keyring: k'
wrong "'Country': only a certificate has one" '' 'Trust: a' 'Key: k' 'Country: CH'
printf '%s\n' 'Format: verify-policy 1' '' 'Trust: a' 'Certificate: missing.pem' >wrong.policy
expect 3 "wrong.policy:3: in trust 'a': cannot open" swiss.exe --policy wrong.policy
expect 2 "--policy is given twice" swiss.exe --policy two.policy --policy two.policy
