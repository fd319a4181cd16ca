# verify signatures: from a TUF root to a file. The repository is made by the Python
# below, after the specification, and signed by openssl.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl jq python3

for key in root1 root2 root3 new online targets team other; do
	openssl genpkey -algorithm ed25519 -out "$key.key" 2>/dev/null
done
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out weak.key 2>/dev/null
cat >repository.py <<'P'
# repository.py FOLDER [NAME=VALUE...]: a repository whose targets are the files of ./files
import hashlib, json, os, subprocess, sys
folder, options = sys.argv[1], dict(each.split('=', 1) for each in sys.argv[2:])
def run(*command, data=None):
    return subprocess.run(command, input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout
# OLPC's canonical JSON: in strings, '"' and '\\' alone are escaped.
def text(value):
    if isinstance(value, dict):
        return '{' + ','.join(text(k) + ':' + text(value[k]) for k in sorted(value)) + '}'
    if isinstance(value, list):
        return '[' + ','.join(text(each) for each in value) + ']'
    if isinstance(value, str):
        return '"' + value.replace('\\', '\\\\').replace('"', '\\"') + '"'
    return json.dumps(value)
canonical = lambda value: text(value).encode()
def kind(name):
    return {'ec': 'ecdsa', 'rsa': 'rsa', 'weak': 'rsa'}.get(name, 'ed25519')
def key(name):
    pem = run('openssl', 'pkey', '-in', name + '.key', '-pubout')
    if kind(name) == 'ed25519':
        der = run('openssl', 'pkey', '-in', name + '.key', '-pubout', '-outform', 'DER')
        return {'keytype': 'ed25519', 'scheme': 'ed25519', 'keyval': {'public': der[-32:].hex()}}
    scheme = 'rsassa-pss-sha256' if kind(name) == 'rsa' else 'ecdsa-sha2-nistp256'
    return {'keytype': kind(name), 'scheme': scheme, 'keyval': {'public': pem.decode()}}
def keyid(name):
    return hashlib.sha256(canonical(key(name))).hexdigest()
def sign(name, data):
    open('data', 'wb').write(data)
    if kind(name) == 'ed25519':
        return run('openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', name + '.key', '-in', 'data')
    pss = ['-sigopt', 'rsa_padding_mode:pss'] if kind(name) == 'rsa' else []
    return run('openssl', 'dgst', '-sha256', '-sign', name + '.key', *pss, 'data')
def write(name, content, signers):
    data = json.dumps({'signatures': [{'keyid': keyid(each), 'sig': sign(each, canonical(content)).hex()}
                                      for each in signers], 'signed': content}, indent=1).encode()
    open(os.path.join(folder, name), 'wb').write(data)
    return data
def role(names, threshold=1):
    return {'keyids': [keyid(each) for each in names], 'threshold': threshold}
def meta(data, version):
    return {'length': len(data), 'version': version,
            'hashes': {'sha256': hashlib.sha256(data).hexdigest()}}
def target(name):
    data = open('files/' + name, 'rb').read()
    return {'length': len(data), 'hashes': {'sha256': hashlib.sha256(data).hexdigest(),
                                            'sha512': hashlib.sha512(data).hexdigest()}}
def head(type, version=1, default='2050-01-01T00:00:00Z'):
    return {'_type': type, 'spec_version': '1.0.31', 'version': version,
            'expires': options.get(type, default)}
os.makedirs(folder, exist_ok=True)
online = options.get('online', 'online')
consistent = 'plain' not in options
roots = ['root1', 'root2', 'root3']
def root(version, names, signers, threshold=2):
    used = set(names) | {online, 'targets'}
    write('%d.root.json' % version,
          dict(head('root', version), consistent_snapshot=consistent,
               keys={keyid(each): key(each) for each in used},
               roles={'root': role(names, threshold), 'timestamp': role([online]),
                      'snapshot': role([online]), 'targets': role(['targets'])}), signers)
root(1, roots, options.get('signers', 'root1,root2').split(','))
if 'second' in options:
    root(int(options.get('number', 2)), ['root1', 'new'], options['second'].split(','))
    if 'number' in options:
        os.rename(folder + '/%s.root.json' % options['number'], folder + '/2.root.json')
files = lambda version, name: '%d.%s.json' % (version, name) if consistent else name + '.json'
team = write(files(3, 'team'), dict(head('targets', 3), targets={
    'team/' + name: target(name) for name in ('tool',)}), options.get('team', 'team').split(','))
targets = write(files(2, 'targets'), dict(head('targets', 2), targets={'dist/app': target('app')},
    delegations={'keys': {keyid('team'): key('team')}, 'roles': [
        dict(role(['team']), name='team', terminating=False,
             paths=[options.get('paths', 'team/*')])]}), ['targets'])
listed = {'targets.json': meta(targets, 2), 'team.json': meta(team, 3)}
if 'older' in options:
    listed['targets.json']['version'] = 1
snapshot = write(files(5, 'snapshot'), dict(head('snapshot', 5), meta=listed),
                 options.get('signer', online).split(','))
write('timestamp.json', dict(head('timestamp', 9), meta={'snapshot.json': meta(snapshot, 5)}),
      options.get('stamper', online).split(','))
P
mkdir files && seq 1 1000 >files/app && seq 1 2000 >files/tool && seq 3 >files/none
# repository NAME=VALUE...: in ./r, its root apart.
repository() {
	rm -rf r
	python3 repository.py r "$@"
	mv r/1.root.json root.json
}
# good|bad [STATUS TEXT] FILE OPTION...
good() {
	name=$1
	shift
	expect 0 '1 of 1 signature valid' "$name" --trust root.json --tuf r "$@"
}
bad() {
	status=$1 text=$2 name=$3
	shift 3
	expect "$status" "$text" "$name" --trust root.json --tuf r "$@"
}

# ---- valid: each kind of key, with and without consistent snapshots, delegated

for online in online ec rsa; do
	repository "online=$online"
	good files/app
done
expect 0 'target: dist/app' files/app --trust root.json --tuf r
expect 0 'named by role: team' files/tool --trust root.json --tuf r
repository plain=1
good files/app
good files/tool
cp files/app "$(sha256sum files/app | cut -d' ' -f1).app"
good ./*.app
jq -c . r/timestamp.json >t && mv t r/timestamp.json # what is signed is the canonical form
good files/app
repository second=root1,root2,new
good files/app
expect 0 'root: version 2' files/app --trust root.json --tuf r

# ---- tampered content, another file, no root, another root

repository
seq 1 1001 >app && bad 4 'has another length or hash' app
change files/app app 5 && bad 4 'has another length or hash' app
bad 4 'no target is called like the file' files/none
expect 4 'no root of a TUF repository was given' files/app --tuf r
cp root.json mine.json && rm other.key && openssl genpkey -algorithm ed25519 -out other.key 2>/dev/null
repository online=other
mv mine.json root.json
bad 4 'timestamp.json has 0 good signatures' files/app

# ---- thresholds

repository signers=root1
bad 4 'the root has 1 good signatures of its role' files/app
repository signers=root1,root1
bad 4 'the root has 1 good signatures' files/app
repository second=new,root1
bad 4 '2.root.json has 1 good signatures' files/app # of the keys before
repository second=root1,root2
bad 4 '2.root.json has 1 good signatures' files/app # of its own
repository second=root1,root2,new number=3
bad 4 '2.root.json has version 3' files/app
repository team=other
bad 4 'team has 0 good signatures' files/tool
good files/app

# ---- each piece: tampered signature, stripped, expired, another version, another file

for piece in timestamp.json 5.snapshot.json 2.targets.json; do
	repository
	jq -c '.signatures[0].sig |= sub("^..";"00") | .signatures[0].sig |= sub("..$";"00")' \
		"r/$piece" >t && mv t "r/$piece"
	bad 4 'invalid' files/app
	repository
	rm "r/$piece"
	bad 3 'is not among the metadata' files/app
	repository
	head -c 100 "r/$piece" >t && mv t "r/$piece"
	bad 4 'invalid' files/app
done
repository
jq -c '.signatures = []' r/timestamp.json >t && mv t r/timestamp.json
bad 4 'nobody signed timestamp.json' files/app
repository
jq -c '.signed.version = 10' r/timestamp.json >t && mv t r/timestamp.json
bad 4 'timestamp.json has 0 good signatures' files/app
repository
jq -c . r/5.snapshot.json >t && mv t r/5.snapshot.json
bad 4 'snapshot.json has another length or hash than the snapshot says' files/app
repository older=1
mv r/2.targets.json r/1.targets.json
bad 4 'targets.json has version 2, and the snapshot says 1' files/app
repository signer=other
bad 4 'snapshot.json has 0 good signatures' files/app
for type in root timestamp snapshot targets; do
	repository "$type=2020-01-01T00:00:00Z"
	bad 4 'expired at 2020-01-01T00:00:00Z' files/app
	good files/app --at 2019-06-01T00:00:00Z
done
repository timestamp=soon
bad 4 "malformed: no metadata of type 'timestamp'" files/app
repository stamper=targets
bad 4 'timestamp.json has 0 good signatures' files/app
repository online=weak
bad 4 'has only 1024 bits' files/app

# ---- a delegated role speaks of its own paths alone

repository 'paths=others/*'
bad 4 'no role that may speak of the target' files/tool
repository 'paths=*'
bad 4 'no role that may speak of the target' files/tool # a star is of one part
repository 'paths=tea?/to*'
good files/tool

# ---- what is no repository

mkdir empty
status=0
"$VERIFY" signatures files/app --trust root.json --tuf empty >out 2>&1 || status=$?
[ "$status" -ne 0 ] || fail 'an empty folder is a repository'
grep -q 'no metadata in the folder' out || fail 'an empty folder is not told'
python3 -W ignore -c 'import jsonschema' 2>/dev/null || exit 0
"$VERIFY" signatures files/tool --trust root.json --tuf r --json out.json --text /dev/null
python3 -W ignore -m jsonschema -i out.json \
	"$SOURCE/src/report/verify-findings.schema.json" || fail 'the schema does not hold'
