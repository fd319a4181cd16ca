# verify signatures: Android's updates, zip archives with a signature over the whole in
# their comment, as SignApk -w makes them; openssl writes and reads the message.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 zip jq

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate one '/C=CH/O=Muster AG/CN=Updates' root 'keyUsage=critical,digitalSignature' 2048
certificate short '/C=CH/O=Muster AG/CN=Short' root 'keyUsage=critical,digitalSignature' 1024
certificate other '/C=CH/O=Muster AG/CN=Other' self 'keyUsage=critical,digitalSignature'

mkdir META-INF && echo 'ro.build' >META-INF/metadata && seq 1 1000 >payload_properties.txt
zip -qX plain.zip META-INF/metadata payload_properties.txt

# ota OUT SIGNER [MD]: TEXT is what comes before the message, EXTRA what comes behind it.
ota() {
	head -c -2 plain.zip >signed
	openssl smime -sign -binary -noattr -in signed -signer "$2.pem" -inkey "$2.key" \
		-md "${3:-sha256}" -outform DER -out message 2>/dev/null
	python3 "$SOURCE/testdata/signature/ota.py" "$1"
}

ota good.zip one
expect 0 'Updates (CH)' good.zip --trust root.pem
expect 0 'comment of the archive, at offset' good.zip --trust root.pem
expect 4 'untrusted' good.zip
expect 4 'untrusted' good.zip --trust other.pem
openssl smime -verify -binary -inform DER -in message -content signed -CAfile root.pem \
	-purpose any -out /dev/null 2>/dev/null || fail "openssl does not agree"
"$VERIFY" signatures good.zip --trust root.pem --json json >/dev/null 2>&1 || true
[ "$(jq '.signatures[0].coverage.unexplained // 0' json)" = 0 ] || fail "bytes are unexplained"
change good.zip content.zip 40
expect 4 'invalid' content.zip --trust root.pem
change good.zip message.zip $(($(wc -c <good.zip) - 20))
expect 4 'invalid' message.zip --trust root.pem
change good.zip length.zip $(($(wc -c <plain.zip) - 2)) # of the comment, in the end record
expect 4 'the comment is not as long' length.zip --trust root.pem
change good.zip start.zip $(($(wc -c <good.zip) - 6))
expect 4 'malformed' start.zip --trust root.pem
{ head -c -6 good.zip && printf '\377\177\377\377' && tail -c 2 good.zip; } >outside.zip
expect 4 'the message is not inside the comment' outside.zip --trust root.pem
expect 3 'nothing in it is of a format that is signed' plain.zip --trust root.pem # stripped
{ cat good.zip && echo more; } >long.zip
status=0
"$VERIFY" signatures long.zip --trust root.pem >out 2>&1 || status=$?
[ "$status" -ne 0 ] || fail "bytes behind the archive are passed over"
# A second archive's end in the comment, before the message: text that nobody signed.
TEXT='@ other' ota second.zip one
expect 4 'a second end of the archive' second.zip --trust root.pem
TEXT='anything' ota words.zip one
expect 0 'bytes before the message in the comment: nobody' words.zip --trust root.pem
ota sha1.zip one sha1
expect 4 'sha1 is broken' sha1.zip --trust root.pem
ota short.zip short
expect 4 'has only 1024 bits' short.zip --trust root.pem
expect 4 'expired' good.zip --trust root.pem --at 2040-01-01T00:00:00Z
