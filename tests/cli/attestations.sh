# verify signatures: DSSE envelopes with in-toto statements, signed by openssl over what
# the specification says is signed.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl jq python3 x86_64-w64-mingw32-gcc

openssl genpkey -algorithm ed25519 -out ed.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out ec384.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key 2>/dev/null
openssl genpkey -algorithm ed25519 -out other.key 2>/dev/null
for key in ed ec ec384 rsa weak other; do
	openssl pkey -in "$key.key" -pubout -out "$key.pub"
done

cat >envelope.py <<'P'
# envelope.py OUT TYPE PAYLOAD KEY[:KEYID]...: a DSSE envelope, with PAE as protocol.md
# says; URL= makes it in the other alphabet of base64.
import base64, json, os, subprocess, sys
out, kind, payload = sys.argv[1], sys.argv[2], open(sys.argv[3], 'rb').read()
pae = b'DSSEv1 %d %s %d %s' % (len(kind), kind.encode(), len(payload), payload)
encode = base64.urlsafe_b64encode if os.environ.get('URL') else base64.b64encode
open('pae', 'wb').write(pae)
signatures = []
for each in sys.argv[4:]:
    key, _, keyid = each.partition(':')
    if key.startswith('ed') or key.startswith('other'):
        command = ['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key + '.key', '-in', 'pae']
    else:
        digest = '-sha384' if '384' in key else '-sha256'
        command = ['openssl', 'dgst', digest, '-sign', key + '.key', 'pae']
        if os.environ.get('PSS'):
            command[3:3] = ['-sigopt', 'rsa_padding_mode:pss']
    value = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    signatures.append({'sig': encode(value).decode(), 'keyid': keyid})
json.dump({'payload': encode(payload).decode(), 'payloadType': kind,
           'signatures': signatures}, open(out, 'w'))
P
# envelope OUT PAYLOAD KEY...
envelope() {
	to=$1 from=$2
	shift 2
	python3 envelope.py "$to" "${TYPE:-application/vnd.in-toto+json}" "$from" "$@"
}
# statement FILE...: an in-toto statement about them.
statement() {
	for file; do
		printf '{"name":"%s","digest":{"sha256":"%s"}}\n' "${file##*/}" \
			"$(sha256sum <"$file" | cut -d' ' -f1)"
	done | jq -cs "{_type: \"https://in-toto.io/Statement/${VERSION:-v1}\",
		subject: ., predicateType: \"https://slsa.dev/provenance/v1\", predicate: {}}"
}

mkdir files && seq 1 1000 >files/one && seq 1 2000 >files/two
# Bytes whose base64 has '+' and '/', '-' and '_'.
statement files/one | jq -c '.predicate.note = "???>>>ÿþ~~~"' >one.json
statement files/two >two.json

# ---- every kind of key, valid, tampered, wrong key, none

for key in ed ec ec384 rsa; do
	envelope "$key.dsse" one.json "$key"
	expect 0 '1 of 1 signature valid' files/one --detached "$key.dsse" --key "$key.pub"
	expect 4 'no key that was given made a signature' files/one --detached "$key.dsse"
	expect 4 'no signature fits' files/one --detached "$key.dsse" --key other.pub
	expect 4 "the statement does not name 'two'" files/two --detached "$key.dsse" \
		--key "$key.pub"
	jq -c ".payload = \"$(base64 -w0 two.json)\"" "$key.dsse" >swapped.dsse
	expect 4 'no signature fits' files/two --detached swapped.dsse --key "$key.pub"
	jq -c '.payloadType = "application/vnd.in-toto+jsom"' "$key.dsse" >swapped.dsse
	expect 4 'no signature fits' files/one --detached swapped.dsse --key "$key.pub"
	jq -c '.signatures = []' "$key.dsse" >stripped.dsse
	expect 4 'nobody signed the envelope' files/one --detached stripped.dsse \
		--key "$key.pub"
done
PSS=1 envelope pss.dsse one.json rsa
expect 0 'valid' files/one --detached pss.dsse --key rsa.pub
envelope weak.dsse one.json weak
expect 4 'has only 1024 bits' files/one --detached weak.dsse --key weak.pub

# ---- what DSSE says of encodings, keyids and several signatures

URL=1 envelope url.dsse one.json ed
grep -q '[-_]' url.dsse || fail 'the other alphabet is not in use'
expect 0 'valid' files/one --detached url.dsse --key ed.pub
envelope two.dsse one.json other ed
expect 0 'of which one must hold' files/one --detached two.dsse --key ed.pub
expect 0 'valid' files/one --detached two.dsse --key ec.pub --key other.pub --key ed.pub
envelope keyid.dsse one.json ed:nobody
expect 0 'keyid, unsigned: nobody' files/one --detached keyid.dsse --key ed.pub
expect 4 'untrusted' files/one --detached keyid.dsse --key other.pub
# A keyid that names a key which did not sign.
id=$(openssl pkey -pubin -in ec.pub -outform DER | sha256sum | cut -d' ' -f1)
envelope collide.dsse one.json "ed:$id"
expect 4 'no signature fits' files/one --detached collide.dsse --key ec.pub
expect 0 'valid' files/one --detached collide.dsse --key ec.pub --key ed.pub

# ---- statements

VERSION=v0.1 statement files/one >old.json && envelope old.dsse old.json ed
expect 0 'valid' files/one --detached old.dsse --key ed.pub
expect 0 'predicate type: https://slsa.dev/provenance/v1' files/one --detached old.dsse \
	--key ed.pub
statement files/one files/two >both.json && envelope both.dsse both.json ed
expect 0 'listed files: 1 covered' files/two --detached both.dsse --key ed.pub
cp files/one renamed
expect 0 'listed files: 1 covered' renamed --detached both.dsse --key ed.pub
seq 1 5 >changed && mkdir elsewhere && cp changed elsewhere/one
expect 4 "'one' has another digest than the statement says" elsewhere/one \
	--detached both.dsse --key ed.pub
expect 4 "the statement does not name 'changed'" changed --detached both.dsse --key ed.pub
jq -c '.subject[0].digest = {sha1: "'"$(sha1sum <files/one | cut -d' ' -f1)"'"}' one.json >sha1.json
envelope sha1.dsse sha1.json ed
expect 4 'only SHA1 of' files/one --detached sha1.dsse --key ed.pub
jq -c '.subject[0].digest = {gitCommit: "00"}' one.json >commit.json
envelope commit.dsse commit.json ed
expect 4 "does not name 'one'" files/one --detached commit.dsse --key ed.pub
for change in '._type = "https://in-toto.io/Statement/v9"' 'del(._type)' '.subject = []' \
	'.subject = 7'; do
	jq -c "$change" one.json >odd.json && envelope odd.dsse odd.json ed
	expect 4 'the payload is no in-toto statement' files/one --detached odd.dsse \
		--key ed.pub
done
sed 's/"subject"/"subject":[],"subject"/' one.json >twice.json
envelope twice.dsse twice.json ed
expect 4 'the payload is no in-toto statement' files/one --detached twice.dsse --key ed.pub
TYPE=text/plain envelope plain.dsse one.json ed
expect 3 "a payload of type 'text/plain'" files/one --detached plain.dsse --key ed.pub
jq -c '.payload = "*"' ed.dsse >odd.dsse
expect 4 'malformed' files/one --detached odd.dsse --key ed.pub

# ---- many in one file

envelope second.dsse two.json ed
{ cat ed.dsse && echo && cat second.dsse; } >multiple.intoto.jsonl
expect 0 '1 more statements are about other files' files/two --detached multiple.intoto.jsonl \
	--key ed.pub
expect 4 'none of 2 statements names' changed --detached multiple.intoto.jsonl --key ed.pub

# ---- in a product

mkdir product && cp files/one files/two product/ && cp both.dsse product/provenance.json
tar -cf product.tar product
expect 0 'listed files: 2 covered' product.tar --key ed.pub
expect 4 'no key that was given' product.tar
cp changed product/two && tar -cf product.tar product
expect 4 "'product/two' has another digest" product.tar --key ed.pub
mv product/one product/another && cp files/two product/ && tar -cf product.tar product
expect 0 'listed files: 2 covered' product.tar --key ed.pub
rm product/two && tar -cf product.tar product
expect 0 'listed files: 1 covered, 1 absent' product.tar --key ed.pub
rm product/another && tar -cf product.tar product
expect 3 'the statement covers no file that is here' product.tar --key ed.pub
# What a statement covers lacks nothing.
echo 'int main(void) { return 0; }' | x86_64-w64-mingw32-gcc -x c - -o product/run.exe
statement product/run.exe >program.json
tar -cf product.tar product
expect 4 'unsigned' product.tar --key ed.pub
envelope product/provenance.json program.json ed
tar -cf product.tar product
expect 0 '' product.tar --key ed.pub
"$VERIFY" signatures product.tar --key ed.pub --json out.json --text /dev/null
jq -e '[.signatures[] | select(.status == "unsigned") | .covered_by] ==
	["product.tar//product/provenance.json"]' out.json >/dev/null ||
	fail 'what the statement covers lacks a signature'
python3 -W ignore -c 'import jsonschema' 2>/dev/null || exit 0
python3 -W ignore -m jsonschema -i out.json \
	"$SOURCE/src/report/verify-findings.schema.json" || fail 'the schema does not hold'
