# verify signatures: the Android packages among the samples of other projects, where
# VERIFY_CORPUS names a folder of them, against what their makers' tests, or else
# apksigner, say; where we say something else, why is written here.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need python3
[ -n "${VERIFY_CORPUS:-}" ] || {
	echo 'no folder of samples named by VERIFY_CORPUS'
	exit 77
}
cat >differ <<'T'
mismatched-compression-method.apk	its two headers name two ways of compression: readers differ
v1-only-with-nul-in-entry-name.apk	a NUL in a name and in the manifest: readers differ
v3-only-unknown-pair-in-apk-sig-block.apk	bytes in the block that nobody signed
v31-block-stripped-v3-attr-value-33.apk	v3.1 was taken off, which apksigner 31 does not know
v31-tgt-34-v3-attr-value-33.apk	v3 names another version for v3.1, which apksigner 31 does not know
v31-ec-p256-2-tgt-33-1-tgt-28-targetSdk-30.apk	apksigner 31 takes the SDK of v3 alone
v1-only-with-dsa-sha384-2.16.840.1.101.3.4.3.3-1024.apk	no Android knows SHA-384 with DSA; the signature holds
v1-only-with-dsa-sha384-2.16.840.1.101.3.4.3.3-2048.apk	likewise
v1-only-with-dsa-sha512-2.16.840.1.101.3.4.3.4-2048.apk	likewise SHA-512
v1-only-with-dsa-sha512-2.16.840.1.101.3.4.3.4-3072.apk	likewise
T
cat >compare.py <<'P'
import csv, json, os, subprocess
corpus = os.environ['VERIFY_CORPUS']
differ = dict(line.rstrip('\n').split('\t') for line in open('differ'))
counts, faults = {}, []
for row in csv.DictReader(open(corpus + '/MANIFEST.tsv'), delimiter='\t'):
    name, says = os.path.basename(row['file']), row['expected'] or ''
    if not name.endswith('.apk') or 'apksigner' not in says:
        continue
    if 'test says: assertVerified' in says:
        accepts = True
    elif 'test says: assertVerificationFailure' in says:
        accepts = False
    else:
        accepts = 'measured rc=0' in says
    # asked about old versions of Android, which know v1 alone
    wants_v1 = not accepts and ('JAR_SIG_NO_MANIFEST' in says or
                                'ERROR: Missing META-INF/MANIFEST.MF' in says)
    out = subprocess.run([os.environ['VERIFY'], 'signatures', corpus + '/' + row['file'],
                          '--json', '-'], capture_output=True, text=True).stdout
    found = json.loads(out)['signatures']
    # nobody is trusted here; the rest is as good as it can be
    holds = all(s['status'] in ('untrusted', 'weak', 'expired') for s in found)
    if holds == accepts:
        kind = 'agree'
    elif name in differ:
        kind = 'differ, and why is known'
        del differ[name]
    elif wants_v1 and not any(s['scheme'] == 'apk-v1' for s in found):
        kind = 'refused by apksigner for want of v1 alone'
    else:
        kind = 'differ'
        faults.append('%s: %s, not %s' % (name, holds, accepts))
    counts[kind] = counts.get(kind, 0) + 1
for kind, count in sorted(counts.items()):
    print(count, kind)
faults += [name + ': they agree now' for name in differ]
print('\n'.join(faults))
raise SystemExit(bool(faults) or counts.get('agree', 0) < 100)
P
python3 compare.py >out || fail 'packages that are called something else'
cat out
