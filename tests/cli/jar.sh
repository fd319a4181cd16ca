# verify signatures: Java archives made by jar and signed by jarsigner, whose word is
# looked at beside ours; Mozilla's extensions, signed with openssl in the same way; the
# graft of both.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need jar jarsigner keytool openssl zip unzip python3

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate other '/C=CH/O=Other/CN=Other Root' self "$authority"
# key NAME SUBJECT EXTENSIONS [RSA-BITS]: also NAME.ks, for jarsigner
key() {
	certificate "$1" "$2" root "$3" ${4:-}
	openssl pkcs12 -export -in "$1.pem" -inkey "$1.key" -certfile root.pem -name x \
		-out "$1.ks" -passout pass:password
}
key first '/C=CH/O=Muster AG/CN=First' "$code"
key second '/C=CH/O=Muster AG/CN=Second' "$code" 2048
key small '/C=CH/O=Muster AG/CN=Small' "$code" 1024
key tls '/C=CH/CN=www' 'extendedKeyUsage=serverAuth'

mkdir -p d/com/example-with-a-name/that-is-longer-than-a-line/of-a-manifest-may-be
printf 'hello\n' >d/com/a.txt
seq 1 4000 >d/com/numbers
printf 'deep\n' >d/com/example-with-a-name/that-is-longer-than-a-line/of-a-manifest-may-be/x
find d -exec touch -d '2024-01-02 03:04:06 UTC' {} +
(cd d && jar --create --file ../plain.jar com)
sign() { # FROM TO KEY NAME ARGUMENT...
	from=$1 to=$2 key=$3 name=$4
	shift 4
	jarsigner -keystore "$key.ks" -storepass password -sigfile "$name" \
		-signedjar "$to" "$@" "$from" x >sign.log 2>&1 ||
		fail "jarsigner: $(cat sign.log)"
}
# says yes|no FILE: jarsigner's own word. It ends with 0 for archives that it treats as
# unsigned, so that its text has to be read.
says() {
	answer=no
	jarsigner -verify "$2" >tool.log 2>&1 && grep -q '^jar verified' tool.log &&
		answer=yes
	[ "$answer" = "$1" ] || fail "jarsigner says $answer of $2: $(cat tool.log)"
}
trust() { set -- "$@" --trust root.pem; expect "$@"; }
# entry FILE TO NAME [CODE]: a copy in which python code made other bytes (d) of one
# entry; without code the entry is left out.
entry() {
	python3 - "$@" <<'P'
import sys, zipfile
source, to, name = sys.argv[1:4]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(to, 'w') as new:
    for item in old.infolist():
        d = old.read(item)
        if item.filename == name:
            if len(sys.argv) == 4:
                continue
            space = {'d': d}
            exec(sys.argv[4], space)
            d = space['d']
        item.extra = b''
        new.writestr(item, d)
P
}

# ---- who signed

sign plain.jar ec.jar first EC
sign plain.jar rsa.jar second RSA
sign ec.jar both.jar second RSA
for name in ec rsa both; do says yes "$name.jar"; done
trust 0 '1 of 1 signature valid' ec.jar
trust 0 'entry META-INF/EC.EC' ec.jar
trust 0 'First (CH)' ec.jar
trust 0 'entry META-INF/RSA.RSA' rsa.jar
trust 0 '2 of 2 signatures valid' both.jar
for name in ec rsa both; do
	"$VERIFY" signatures "$name.jar" --trust root.pem --json - >json
	grep -q '"covers": "all"' json || fail "not all of $name.jar is covered"
	grep -q '"covers": "part"' json && fail "not all of $name.jar is covered"
	grep -q '"unexplained": 0' json || fail "bytes of $name.jar are unexplained"
done

# The time of a timestamp is the one that counts.
authority_of_time tsaroot tsa
sed -n '/BEGIN/,$p' tsa.pem >tsa.crt
python3 - <<'P' >server.log 2>&1 &
import http.server, subprocess
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        open('query', 'wb').write(self.rfile.read(int(self.headers['Content-Length'])))
        answer = subprocess.run(['openssl', 'ts', '-reply', '-queryfile', 'query',
                                 '-config', 'tsa.conf'], capture_output=True).stdout
        self.send_response(200)
        self.send_header('Content-Type', 'application/timestamp-reply')
        self.end_headers()
        self.wfile.write(answer)
server = http.server.HTTPServer(('127.0.0.1', 0), Handler)
open('port', 'w').write(str(server.server_port))
server.handle_request()
P
for _ in 1 2 3 4 5 6 7 8 9 10; do [ -s port ] || sleep 0.3; done
sign plain.jar stamped.jar first EC -tsa "http://127.0.0.1:$(cat port)/"
trust 0 'valid timestamp' stamped.jar --trust-timestamp tsaroot.pem
grep -q 'no trusted timestamp' out && fail 'the timestamp does not count'

# ---- the table: tampered, stripped, expired, wrong anchor, weak

entry rsa.jar content.jar com/a.txt 'd = b"hullo\n"'
says no content.jar
trust 4 "whose bytes are not those that were signed: 'com/a.txt'" content.jar
entry rsa.jar manifest.jar META-INF/MANIFEST.MF 'd = d.replace(b"com/a", b"com/b")'
says no manifest.jar
trust 4 "sections that were signed are not in the manifest: 'com/a.txt'" manifest.jar
entry rsa.jar main.jar META-INF/MANIFEST.MF \
	'd = d.replace(b"\r\n\r\n", b"\r\nClass-Path: evil.jar\r\n\r\n", 1)'
says no main.jar
trust 4 'the main section of the manifest is not the one that was signed' main.jar
entry rsa.jar file.jar META-INF/RSA.SF 'd = d.replace(b"Created-By", b"Created-by")'
says no file.jar
trust 4 'invalid' file.jar
entry rsa.jar value.jar META-INF/RSA.RSA 'd = d[:-1] + bytes([d[-1] ^ 1])'
says no value.jar
trust 4 'was not made by' value.jar
entry rsa.jar garbage.jar META-INF/RSA.RSA 'd = b"garbage"'
says no garbage.jar
trust 4 'malformed signature' garbage.jar
says no plain.jar
trust 4 'unsigned' plain.jar
entry rsa.jar blockless.jar META-INF/RSA.RSA
says no blockless.jar
trust 4 'the signature of this signature file is not there' blockless.jar
entry rsa.jar fileless.jar META-INF/RSA.SF
says no fileless.jar
trust 4 'the signature file that it signs is not there' fileless.jar
entry rsa.jar manifestless.jar META-INF/MANIFEST.MF
says no manifestless.jar
expect 3 'not-checked' manifestless.jar --trust root.pem # a zip, but no Java archive
trust 4 'expired' rsa.jar --at 2099-01-01T00:00:00Z
expect 4 'untrusted' rsa.jar --trust other.pem
expect 4 'untrusted' rsa.jar
# jarsigner only warns of a certificate that is for something else
sign plain.jar tls.jar tls TLS
says yes tls.jar
trust 4 'wrong EKU' tls.jar
sign plain.jar small.jar small SMALL
trust 4 'weak' small.jar
# MD5 is "treated as unsigned" by jarsigner
sign plain.jar md5.jar second MD5 -digestalg MD5
says no md5.jar
trust 4 'are by broken algorithms alone' md5.jar
sign plain.jar sha1.jar second SHA -digestalg SHA1 -sigalg SHA1withRSA
trust 4 'weak' sha1.jar

# An entry that was signed and is gone: jarsigner does not miss it, a reader of the
# archive would.
entry rsa.jar gone.jar com/a.txt
says yes gone.jar
trust 4 "entries that were signed are not there: 'com/a.txt'" gone.jar

# ---- what a signer does not cover

cp rsa.jar added.jar
printf 'added\n' >added.txt
zip -q added.jar added.txt
says yes added.jar # with a warning
grep -q 'unsigned entries' tool.log || fail 'jarsigner does not warn'
trust 0 "it does not cover 1 of the entries: 'added.txt'" added.jar
"$VERIFY" signatures added.jar --trust root.pem --json - >json
grep -q '"covers": "part"' json || fail 'an added entry is covered'
mkdir -p META-INF
printf 'hidden\n' >META-INF/SIG-DATA
cp rsa.jar hidden.jar
zip -q hidden.jar META-INF/SIG-DATA
says yes hidden.jar # and no warning: by its name it belongs to a signature
trust 0 "it does not cover 1 of the entries: 'META-INF/SIG-DATA'" hidden.jar
sign added.jar more.jar first EC
says yes more.jar
trust 0 '2 of 2 signatures valid' more.jar
trust 0 "it does not cover 2 of the entries: 'META-INF/MANIFEST.MF', 'added.txt'" more.jar
trust 0 'another signer may have added to it' more.jar
[ "$(grep -c 'it does not cover' out)" -eq 1 ] || fail 'the second signer covers all'

# ---- archives that can be read in two ways

{ printf 'dex\n035\0'; cat rsa.jar; } >before.bin
trust 4 'before the first record' before.bin
python3 - <<'P'
import shutil, warnings, zipfile
warnings.simplefilter('ignore')
shutil.copy('rsa.jar', 'twice.jar')
with zipfile.ZipFile('twice.jar', 'a') as z:
    z.writestr('com/a.txt', 'hullo\n')
P
trust 4 "two entries have the name 'com/a.txt'" twice.jar
python3 - <<'P'
data = open('rsa.jar', 'rb').read()
at = data.index(b'com/a.txt')
open('local.jar', 'wb').write(data[:at] + b'com/b.txt' + data[at + 9:])
P
trust 4 'has another name' local.jar
entry rsa.jar section.jar META-INF/MANIFEST.MF \
	'd += b"Name: com/a.txt\r\nSHA-256-Digest: AAAA\r\n\r\n"'
trust 4 "the manifest has two sections 'com/a.txt'" section.jar
entry rsa.jar attribute.jar META-INF/MANIFEST.MF \
	'd = d.replace(b"\r\nSHA-256", b"\r\nSHA-256-Digest: AAAA\r\nSHA-256", 1)'
trust 4 "two attributes 'SHA-256-Digest'" attribute.jar

# A signed installer with a signed archive behind it (CVE-2020-1464): osslsigncode and
# jarsigner both accept the file, each for what it reads of it.
if command -v wixl >/dev/null && command -v osslsigncode >/dev/null; then
	cat >x.wxs <<'X'
<?xml version="1.0"?>
<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi"><Product Id="*" Name="x"
UpgradeCode="12345678-1234-1234-1234-123456789013" Language="1033" Version="1.0"
Manufacturer="m"><Package InstallerVersion="200" Compressed="yes"/><Media Id="1"
Cabinet="x.cab" EmbedCab="yes"/><Directory Id="TARGETDIR" Name="SourceDir"><Component
Id="c" Guid="12345678-1234-1234-1234-123456789014"><File Id="f" Name="a.txt"
Source="d/com/a.txt" KeyPath="yes"/></Component></Directory><Feature Id="F"
Level="1"><ComponentRef Id="c"/></Feature></Product></Wix>
X
	wixl -o x.msi x.wxs
	osslsigncode sign -certs second.pem -key second.key -in x.msi -out signed.msi \
		>sign.log 2>&1 || fail "osslsigncode: $(cat sign.log)"
	trust 0 'valid' signed.msi
	cat signed.msi rsa.jar >polyglot.msi
	osslsigncode verify -CAfile root.pem -in polyglot.msi >tool.log 2>&1 ||
		fail "osslsigncode refuses it: $(cat tool.log)"
	says yes polyglot.msi
	trust 4 'before the first record' polyglot.msi
	trust 4 'the file can also be read as' polyglot.msi
else
	echo 'jar: no wixl or osslsigncode here' >>"${VERIFY_SKIPS:-/dev/null}"
fi

# ---- grafts

compares() { # STATUS TEXT SHIPPED REBUILT
	status=0
	"$VERIFY" compare "$3" "$4" >out 2>&1 || status=$?
	[ "$status" -eq "$1" ] || fail "$3 and $4: $status, not $1"
	grep -qF -- "$2" out || fail "$3 and $4: no '$2'"
}
cp plain.jar rebuilt.jar
compares 0 'signature-only' rsa.jar rebuilt.jar
compares 0 'signature-only' both.jar rebuilt.jar
compares 0 'signature-only' stamped.jar rebuilt.jar
compares 1 'different' added.jar rebuilt.jar
compares 1 'different' main.jar rebuilt.jar
compares 1 'different' gone.jar rebuilt.jar
change plain.jar other.jar 10 # the time of the first entry
compares 1 'different' rsa.jar other.jar
mkdir -p META-INF
printf 'payload\n' >META-INF/EVIL.RSA
cp rsa.jar evil.jar
zip -q -X evil.jar META-INF/EVIL.RSA
compares 1 'different' evil.jar rebuilt.jar

# ---- Mozilla's extensions: the manifest as a whole is signed, no section of it

# xpi OUT SIGNER PYTHON: an extension as Mozilla's documentation says; python code
# changes its manifest (m), its signature file (f) or adds entries (e).
xpi() {
	cat >xpi.py <<'P'
import base64, hashlib, subprocess, sys, zipfile
to, signer, code = sys.argv[1:]
def digests(data, end):
    return ''.join('%s-Digest%s: %s\n' % (name, end, base64.b64encode(
        hashlib.new(name.lower(), data).digest()).decode()) for name in ('SHA1', 'SHA256'))
e = [('manifest.json', b'{"name": "x"}\n'), ('lib/a.js', b'a()\n')]
m = 'Manifest-Version: 1.0\n\n' + ''.join(
    'Name: %s\nDigest-Algorithms: SHA1 SHA256\n%s\n' % (name, digests(data, ''))
    for name, data in e)
f = 'Signature-Version: 1.0\n' + digests(m.encode(), '-Manifest') + '\n'
exec(code)
open('mozilla.sf', 'w').write(f)
subprocess.run(['openssl', 'cms', '-sign', '-binary', '-in', 'mozilla.sf', '-signer',
                signer + '.pem', '-inkey', signer + '.key', '-outform', 'DER', '-out',
                'mozilla.rsa'], check=True)
with zipfile.ZipFile(to, 'w') as z:
    for name, data in e:
        z.writestr(name, data)
    z.writestr('META-INF/manifest.mf', m)
    z.writestr('META-INF/mozilla.sf', f)
    z.writestr('META-INF/mozilla.rsa', open('mozilla.rsa', 'rb').read())
P
	python3 xpi.py "$@"
}
xpi good.xpi second pass
trust 0 'of good.xpi (xpi)' good.xpi
"$VERIFY" signatures good.xpi --trust root.pem --json - >json
grep -q '"covers": "all"' json || fail 'not all of the extension is covered'
expect 4 'untrusted' good.xpi --trust other.pem
xpi changed.xpi second 'e[1] = ("lib/a.js", b"b()\n")'
trust 4 "not those that were signed: 'lib/a.js'" changed.xpi
xpi more.xpi second 'e.append(("lib/b.js", b"b()\n"))'
trust 0 "it does not cover 1 of the entries: 'lib/b.js'" more.xpi
xpi manifest.xpi second 'm += "Name: lib/b.js\n\n"'
trust 4 'it covers no entry of the archive' manifest.xpi
xpi file.xpi second 'f = f.replace("SHA256-Digest-Manifest", "X")'
trust 4 'are by broken algorithms alone' file.xpi
xpi cose.xpi second 'e.append(("META-INF/cose.sig", b"x"))'
trust 3 'a COSE signature of another manifest' cose.xpi
exit 0
