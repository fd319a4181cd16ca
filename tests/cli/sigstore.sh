# verify signatures: sigstore bundles of an instance of our own, whose certificates,
# promises, logs and timestamps are made by openssl and the few lines of Python below,
# after RFC 6962, RFC 3161 and the formats' descriptions.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl jq python3

# ---- the instance: two authorities, a log of certificates, a log of signatures

certificate root /CN=root self "$authority"
certificate inter /CN=inter root "$authority
extendedKeyUsage=codeSigning"
certificate other /CN=other self "$authority"
certificate tsaroot /CN=tsaroot self "$authority"
certificate tsa /CN=tsa tsaroot 'keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping'
for key in leaf rekor rekor2 ct ct2; do
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$key.key" 2>/dev/null
done
openssl pkey -in leaf.key -pubout -out leaf.pub
cat >ca.cnf <<'C'
[ca]
default_ca = d
[d]
new_certs_dir = .
database = index.txt
serial = serial
policy = p
default_md = sha256
unique_subject = no
[p]
commonName = optional
[tsa]
serial = tsaserial
default_policy = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
ess_cert_id_alg = sha256
C
cat >instance.py <<'P'
import base64, hashlib, json, os, subprocess, sys, time
b64 = lambda data: base64.b64encode(data).decode()
def run(*command, data=None):
    return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout
def sign(key, data):
    return run('openssl', 'dgst', '-sha256', '-sign', key + '.key', data=data)
def spki(key):
    return run('openssl', 'pkey', '-in', key + '.key', '-pubout', '-outform', 'DER')
def der(pem):
    return run('openssl', 'x509', '-in', pem, '-outform', 'DER')
def log_id(key):
    return hashlib.sha256(spki(key)).digest()
def stamp(seconds):
    return time.strftime('%Y%m%d%H%M%SZ', time.gmtime(seconds))

# DER: the length of an element's header, and its contents' length.
def header(data, at):
    length, size = data[at + 1], 2
    if length & 0x80:
        size = 2 + (length & 0x7f)
        length = int.from_bytes(data[at + 2:at + size], 'big')
    return size, length
def first_inside(data):
    size, _ = header(data, 0)
    inner, length = header(data, size)
    return data[size:size + inner + length]

# ---- the certificate: signed twice, first without the promise (RFC 6962, 3.2)
def leaf(start, issuer='inter', log='ct', usage='codeSigning', promise=True, forge=False):
    extensions = ['[v]', 'keyUsage=critical,digitalSignature',
                  'extendedKeyUsage=' + usage,
                  'subjectAltName=critical,URI:https://example.org/build',
                  '1.3.6.1.4.1.57264.1.8=ASN1:UTF8String:https://issuer.example.org']
    def make(name):
        open('ext', 'w').write('\n'.join(extensions) + '\n')
        open('index.txt', 'w').close()
        open('serial', 'w').write('1001\n')
        run('openssl', 'req', '-new', '-key', 'leaf.key', '-subj', '/CN=leaf', '-out',
            'leaf.csr')
        run('openssl', 'ca', '-batch', '-config', 'ca.cnf', '-cert', issuer + '.pem',
            '-keyfile', issuer + '.key', '-in', 'leaf.csr', '-out', name, '-startdate',
            stamp(start), '-enddate', stamp(start + 600), '-extfile', 'ext',
            '-extensions', 'v', '-notext')
        return der(name)
    tbs = first_inside(make('pre.pem'))
    issuer_key = run('openssl', 'x509', '-in', issuer + '.pem', '-pubkey', '-noout')
    issuer_spki = run('openssl', 'pkey', '-pubin', '-outform', 'DER', data=issuer_key)
    when = (start * 1000).to_bytes(8, 'big')
    data = (b'\0\0' + when + b'\0\1' + hashlib.sha256(issuer_spki).digest() +
            len(tbs).to_bytes(3, 'big') + tbs + b'\0\0')
    value = sign('ct2' if forge else log, data)
    sct = (b'\0' + log_id(log) + when + b'\0\0' + b'\4\3' +
           len(value).to_bytes(2, 'big') + value)
    whole = (len(sct) + 2).to_bytes(2, 'big') + len(sct).to_bytes(2, 'big') + sct
    inner = b'\4' + (bytes([len(whole)]) if len(whole) < 128 else
                     bytes([0x81, len(whole)])) + whole
    if promise:
        extensions.append('1.3.6.1.4.1.11129.2.4.2=DER:' + inner.hex())
    return make('leaf.pem')

# ---- the log: RFC 6962, 2.1, as it stands there
H = lambda data: hashlib.sha256(data).digest()
def split(n):
    k = 1
    while k * 2 < n:
        k *= 2
    return k
def mth(leaves):
    if len(leaves) == 1:
        return H(b'\0' + leaves[0])
    k = split(len(leaves))
    return H(b'\1' + mth(leaves[:k]) + mth(leaves[k:]))
def path(m, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return path(m, leaves[:k]) + [mth(leaves[k:])]
    return path(m - k, leaves[k:]) + [mth(leaves[:k])]

def entry(body, when, key='rekor', note_key=None, size=7, at=4, version=''):
    body = json.dumps(body, separators=(',', ':'), sort_keys=True).encode()
    leaves = [b'other %d' % i for i in range(size)]
    leaves[at] = body
    root = mth(leaves)
    text = 'log.example.org\n%d\n%s\n' % (size, b64(root))
    line = log_id(key)[:4] + sign(note_key or key, text.encode())
    promise = json.dumps({'body': b64(body), 'integratedTime': when,
                          'logID': log_id(key).hex(), 'logIndex': 40 + at},
                         separators=(',', ':'), sort_keys=True)
    return {'logIndex': str(40 + at), 'logId': {'keyId': b64(log_id(key))},
            'kindVersion': {'kind': body and 'hashedrekord', 'version': '0.0.1'},
            'integratedTime': str(when),
            'inclusionPromise': {'signedEntryTimestamp': b64(sign(key, promise.encode()))},
            'inclusionProof': {
                'logIndex': str(at), 'treeSize': str(size), 'rootHash': b64(root),
                'hashes': [b64(each) for each in path(at, leaves)],
                'checkpoint': {'envelope': text + '\n— log.example.org ' + b64(line) + '\n'}},
            'canonicalizedBody': b64(body)}

def hashedrekord(data, value, pem):
    return {'apiVersion': '0.0.1', 'kind': 'hashedrekord', 'spec': {
        'data': {'hash': {'algorithm': 'sha256', 'value': hashlib.sha256(data).hexdigest()}},
        'signature': {'content': b64(value), 'publicKey': {'content': b64(pem)}}}}
def timestamp(value):
    open('tsaserial', 'w').write('01\n')
    open('value', 'wb').write(value)
    run('openssl', 'ts', '-query', '-data', 'value', '-sha256', '-cert', '-out', 'q')
    return run('openssl', 'ts', '-reply', '-config', 'ca.cnf', '-section', 'tsa',
               '-queryfile', 'q', '-signer', 'tsa.pem', '-inkey', 'tsa.key')

# bundle.py OUT FILE [NAME=VALUE...]
options = dict(each.split('=', 1) for each in sys.argv[3:])
artefact = open(sys.argv[2], 'rb').read()
now = int(options.get('start', time.time()))
when = now + int(options.get('later', 0))
certificate = leaf(now, options.get('issuer', 'inter'), options.get('ct', 'ct'),
                   options.get('usage', 'codeSigning'), 'nosct' not in options,
                   'forge' in options)
pem = open('leaf.pem', 'rb').read()
material = {'certificate': {'rawBytes': b64(certificate)}}
if 'key' in options:
    pem = open('leaf.pub', 'rb').read()
    material = {'publicKey': {'hint': 'x'}}
bundle = {'mediaType': 'application/vnd.dev.sigstore.bundle.v0.3+json'}
message = artefact
if 'dsse' in options:
    kind = 'application/vnd.in-toto+json'
    payload = json.dumps({
        '_type': 'https://in-toto.io/Statement/v1', 'predicateType': 'x', 'predicate': {},
        'subject': [{'name': os.path.basename(sys.argv[2]),
                     'digest': {'sha256': hashlib.sha256(artefact).hexdigest()}}]}).encode()
    message = b'DSSEv1 %d %s %d %s' % (len(kind), kind.encode(), len(payload), payload)
value = sign('leaf', message)
body = hashedrekord(message, value, pem)
if 'dsse' in options:
    bundle['dsseEnvelope'] = {'payload': b64(payload), 'payloadType': kind,
                              'signatures': [{'sig': b64(value)}]}
    body = {'apiVersion': '0.0.1', 'kind': 'dsse', 'spec': {
        'payloadHash': {'algorithm': 'sha256', 'value': hashlib.sha256(payload).hexdigest()},
        'signatures': [{'signature': b64(value), 'verifier': b64(pem)}]}}
else:
    bundle['messageSignature'] = {
        'messageDigest': {'algorithm': 'SHA2_256', 'digest': b64(H(artefact))},
        'signature': b64(value)}
if 'logged' in options:
    other = open(options['logged'], 'rb').read()
    body = hashedrekord(other, value if 'same' in options else sign('leaf', other), pem)
if 'kind' in options:
    body['kind'] = options['kind']
material['tlogEntries'] = [entry(body, when, options.get('log', 'rekor'),
                                 options.get('note'), int(options.get('size', 7)),
                                 int(options.get('at', 4)))]
if 'stamp' in options:
    stamped = value if options['stamp'] == 'good' else b'another'
    material['timestampVerificationData'] = {
        'rfc3161Timestamps': [{'signedTimestamp': b64(timestamp(stamped))}]}
bundle['verificationMaterial'] = material
json.dump(bundle, open(sys.argv[1], 'w'))

def log(key):
    return {'baseUrl': key, 'hashAlgorithm': 'SHA2_256',
            'publicKey': {'rawBytes': b64(spki(key)),
                          'validFor': {'start': '2020-01-01T00:00:00Z'}},
            'logId': {'keyId': b64(log_id(key))}}
def authority(*names):
    return {'uri': names[0], 'validFor': {'start': '2020-01-01T00:00:00.000Z'},
            'certChain': {'certificates': [{'rawBytes': b64(der(n + '.pem'))} for n in names]}}
json.dump({'mediaType': 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
           'tlogs': [log('rekor')], 'ctlogs': [log('ct')],
           'certificateAuthorities': [authority('inter', 'root')],
           'timestampAuthorities': [authority('tsa', 'tsaroot')]},
          open('trusted.json', 'w'))
P
bundle() {
	python3 instance.py "$@" || fail "no bundle: $*"
}
seq 1 1000 >file
seq 1 2000 >another
who='--trust trusted.json --identity https://example.org/build'
who="$who --identity-issuer https://issuer.example.org"
# good BUNDLE, bad STATUS TEXT BUNDLE: over the file, with all that is asked for.
good() {
	# shellcheck disable=SC2086
	expect 0 '1 of 1 signature valid' file --detached "$1" $who
}
bad() {
	# shellcheck disable=SC2086
	expect "$1" "$2" file --detached "$3" $who
}

# ---- valid, and what each part is asked

bundle good.json file
good good.json
expect 0 'identity: https://example.org/build' file --detached good.json --trust trusted.json \
	--identity https://example.org/build
expect 0 'log index: 44' file --detached good.json --trust trusted.json \
	--identity https://example.org/build
expect 4 'nobody said whose counts' file --detached good.json --trust trusted.json
expect 4 'for another identity than was asked for' file --detached good.json \
	--trust trusted.json --identity https://example.org/buil
expect 4 'vouched for by another issuer' file --detached good.json --trust trusted.json \
	--identity https://example.org/build --identity-issuer https://issuer.example.com
expect 4 'no sigstore trusted root was given' file --detached good.json
expect 4 'expired' file --detached good.json --trust trusted.json \
	--identity https://example.org/build --at 2040-01-01T00:00:00Z
# The tree's shapes: each leaf of each size has its own path.
for shape in 1,0 2,0 2,1 3,2 5,4 6,5 7,0 8,7; do
	bundle shape.json file "size=${shape%,*}" "at=${shape#*,}"
	good shape.json
done
bundle stamped.json file stamp=good
good stamped.json
jq -c 'del(.verificationMaterial.tlogEntries[0].inclusionPromise,
	.verificationMaterial.tlogEntries[0].integratedTime)' stamped.json >untimed.json
good untimed.json
jq -c '.verificationMaterial.x509CertificateChain.certificates =
	[.verificationMaterial.certificate] | del(.verificationMaterial.certificate) |
	.mediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1" |
	del(.verificationMaterial.tlogEntries[0].inclusionProof)' good.json >first.json
good first.json
bundle key.json file key=1
expect 0 'valid' file --detached key.json --trust trusted.json --key leaf.pub
expect 4 'no key that can be read was given' file --detached key.json --trust trusted.json
expect 4 'does not fit' another --detached key.json --trust trusted.json --key leaf.pub
bundle dsse.json file dsse=1
good dsse.json

# ---- another file, signature, signer

# shellcheck disable=SC2086
expect 4 'the signature does not fit' another --detached good.json $who
# shellcheck disable=SC2086
expect 4 "does not name 'another'" another --detached dsse.json $who
jq -c '.dsseEnvelope.payloadType = "text/plain"' dsse.json >bad.json
bad 4 'the signature does not fit' bad.json
jq -c '.messageSignature.signature = "MEUCIQ=="' good.json >bad.json
bad 4 'the signature does not fit' bad.json
bundle bad.json file issuer=other
bad 4 'no chain to a trusted certificate' bad.json
bundle bad.json file usage=serverAuth
bad 4 'invalid' bad.json

# ---- the log: an entry for another artefact, a bad checkpoint, no proof

bundle bad.json file logged=another
bad 4 "the log's entry is about another file, signature or signer" bad.json
bundle bad.json file logged=another same=1
bad 4 "the log's entry is about another file, signature or signer" bad.json
bundle bad.json file kind=rfc3161
bad 3 'of a kind that is not known here' bad.json
bundle bad.json file log=rekor2
bad 4 'of no log that the trusted root names' bad.json
bundle bad.json file note=rekor2
bad 4 "the log's signature does not fit the checkpoint" bad.json
proof='.verificationMaterial.tlogEntries[0].inclusionProof'
# not_proved TEXT CHANGE
not_proved() {
	jq -c "$2" good.json >bad.json
	bad 4 "$1" bad.json
}
not_proved 'does not lead to its root' "$proof.hashes[0] = $proof.hashes[1]"
not_proved 'cannot be read' "$proof.hashes |= .[1:]"
not_proved 'cannot be read' "$proof.hashes += [$proof.hashes[0]]"
not_proved 'does not lead to its root' "$proof.logIndex = \"5\""
not_proved 'cannot be read' "$proof.logIndex = \"7\""
not_proved 'does not lead to the checkpoint' "$proof.treeSize = \"8\""
not_proved 'does not lead to its root' "$proof.rootHash = $proof.hashes[0]"
not_proved 'no well-formed checkpoint' "del($proof.checkpoint)"
not_proved 'the log did not sign the checkpoint' \
	"$proof.checkpoint.envelope |= (split(\"— \")[0])"
not_proved 'nothing proves that the log has the entry' "del($proof)"
not_proved "the log's promise does not fit the entry" \
	'.verificationMaterial.tlogEntries[0].integratedTime = "1700000000"'
not_proved 'it is in no transparency log' '.verificationMaterial.tlogEntries = []'
bundle other.json another
jq -c --slurpfile o other.json "$proof.checkpoint = \$o[0]$proof.checkpoint" good.json >bad.json
bad 4 'does not lead to the checkpoint' bad.json

# ---- times: outside of the certificate's, of no authority, over something else

bundle bad.json file later=3600
bad 4 'is not within that of the certificate' bad.json
bundle bad.json file later=-3600
bad 4 'is not within that of the certificate' bad.json
bundle bad.json file stamp=bad
jq -c 'del(.verificationMaterial.tlogEntries[0].inclusionPromise)' bad.json >worse.json
bad 4 'nothing that is trusted says when it was signed' worse.json
bundle old.json file stamp=good start=$(($(date +%s) + 1200))
bad 4 'is not within that of the certificate' old.json
jq -c '.timestampAuthorities[0].validFor.end = "2021-01-01T00:00:00Z"' trusted.json >short.json
expect 4 'nothing that is trusted says when it was signed' file --detached untimed.json \
	--trust short.json --identity https://example.org/build
jq -c '.tlogs[0].publicKey.validFor.end = "2021-01-01T00:00:00Z"' trusted.json >short.json
expect 4 'was not in use at the time that it states' file --detached good.json \
	--trust short.json --identity https://example.org/build
jq -c '.certificateAuthorities[0].validFor.end = "2021-01-01T00:00:00Z"' trusted.json >short.json
expect 4 'the authority was not in use at that time' file --detached good.json \
	--trust short.json --identity https://example.org/build

# ---- the log of certificates

bundle bad.json file nosct=1
bad 4 'no promise of a certificate log' bad.json
bundle bad.json file ct=ct2
bad 4 'of no certificate log that the trusted root names' bad.json
bundle bad.json file forge=1
bad 4 'promise does not fit the certificate' bad.json

# ---- bundles that are none, and a trusted root that is none

not_a_bundle() {
	jq -c "$3" good.json >bad.json
	bad "$1" "$2" bad.json
}
not_a_bundle 3 'a version that is not known here' \
	'.mediaType = "application/vnd.dev.sigstore.bundle.v9.9+json"'
not_a_bundle 4 'neither or both kinds' 'del(.messageSignature)'
not_a_bundle 4 'no certificate or key' 'del(.verificationMaterial.certificate)'
echo '{"certificateAuthorities": [{}]}' >none.json
expect 2 'cannot be read' file --detached good.json --trust none.json

# ---- in a product

mkdir product && cp file another product/ && cp good.json product/file.sigstore.json
bundle dsse.json another dsse=1 && cp dsse.json product/provenance.json
tar -cf product.tar product
# shellcheck disable=SC2086
expect 0 '2 of 2 signatures valid' product.tar $who
seq 4 >product/file && tar -cf product.tar product
# shellcheck disable=SC2086
expect 4 'the signature does not fit' product.tar $who
rm product/file && tar -cf product.tar product
# shellcheck disable=SC2086
expect 3 'signs a file that is not here' product.tar $who
python3 -W ignore -c 'import jsonschema' 2>/dev/null || exit 0
# shellcheck disable=SC2086
"$VERIFY" signatures file --detached stamped.json $who --json out.json --text /dev/null
python3 -W ignore -m jsonschema -i out.json \
	"$SOURCE/src/report/verify-findings.schema.json" || fail 'the schema does not hold'
