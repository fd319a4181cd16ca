# verify signatures: Mach-O files signed ad hoc by a linker, and by keys with the recipe in
# testdata/codesign, since no program for it runs here. Its digests are Python's, its
# signature value is openssl's, whose word over the CMS must be ours.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl clang ld64.lld-14 llvm-lipo-14 python3

mark='1.2.840.113635.100.6.1.13=critical,DER:0500'
certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate one '/C=CH/O=Muster AG/CN=One' root "$code
$mark"
certificate rsa '/C=CH/O=Muster AG/CN=RSA' root "$code" 2048
certificate short '/C=CH/O=Muster AG/CN=Short' root "$code" 1024
certificate tls '/C=CH/O=Muster AG/CN=TLS' root 'keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth'
certificate odd '/C=CH/O=Muster AG/CN=Odd' root "$code
1.2.3.4=critical,DER:0500"
certificate other '/C=CH/O=Muster AG/CN=Other' self "$code"

cat >x.c <<'END'
int table[5000] = {1};
int helper(int x) { return table[x] + 1; }
END
link() { # ARCHITECTURE OUT ARGUMENT...
	arch=$1 out=$2
	shift 2
	clang -target "$arch-apple-macos11" -O1 -c -o x.o x.c
	ld64.lld-14 -arch "$arch" -platform_version macos 11 11 -dylib "$@" x.o -o "$out"
}
link x86_64 plain
link arm64 adhoc
link arm64 bare -no_adhoc_codesign
sign() { # OUT ARGUMENT...
	out=$1
	shift
	python3 "$SOURCE/testdata/codesign/sign.py" plain "$out" "$@"
}
by() { # OUT SIGNER ARGUMENT...
	out=$1 signer=$2
	shift 2
	sign "$out" cert="$signer.pem" key="$signer.key" "$@"
}

# agree yes|no FILE: openssl's word of the CMS over the first code directory.
agree() {
	python3 - "$2" <<'END'
import struct, sys
data = open(sys.argv[1], "rb").read()
data = data[data.index(b"\xfa\xde\x0c\xc0"):]
for i in range(struct.unpack_from(">I", data, 8)[0]):
    slot, at = struct.unpack_from(">II", data, 12 + 8 * i)
    size, = struct.unpack_from(">I", data, at + 4)
    if slot == 0:
        open("directory", "wb").write(data[at:at + size])
    if slot == 0x10000:
        open("cms", "wb").write(data[at + 8:at + size])
END
	answer=no
	openssl cms -verify -binary -inform DER -content directory -in cms -CAfile root.pem \
		-purpose any -ignore_critical >/dev/null 2>tool.log && answer=yes
	[ "$answer" = "$1" ] || fail "openssl says $answer of $2: $(cat tool.log)"
}

# ---- nobody's key

expect 4 'unsigned: no load command' plain
expect 4 'unsigned' bare
expect 4 'signed ad hoc' adhoc
expect 4 'flags: 0x20002 adhoc linker-signed' adhoc
sign signed
expect 4 'signed ad hoc' signed
change adhoc bad 4000
expect 4 'invalid' bad
llvm-lipo-14 -create plain adhoc -output fat
expect 4 'fat//arm64: unsigned: signed ad hoc' fat
clang -target x86_64-apple-macos11 -c -o x.o x.c
expect 3 'no signing scheme' x.o

# ---- valid, and by whom

echo 'a list' >Info.plist
cat >rights <<'END'
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
<key>com.apple.security.cs.allow-jit</key><true/>
<key>groups</key><array><string>one</string><string>two</string></array>
</dict></plist>
END
for how in hash=sha256 hash=sha384 hash=sha1,sha256 ber bare runtime=0xb0100; do
	by signed one "$how"
	agree yes signed
	expect 0 'One (CH)' signed --trust root.pem
	expect 4 'untrusted' signed
	expect 4 'untrusted' signed --trust other.pem
done
expect 0 'hardened runtime: 11.1.0' signed --trust root.pem
by signed rsa entitlements=rights info=Info.plist others=root.pem
expect 0 'entitlement: com.apple.security.cs.allow-jit = true' signed --trust root.pem
expect 0 'entitlement: groups = one, two' signed --trust root.pem
! grep -q 'other keys' out || fail 'the same entitlements in XML and DER are told to differ'
by bad rsa entitlements=rights keys
expect 0 'have other keys than those in XML' bad --trust root.pem
expect 0 'Info.plist is signed by its digest, and is not in this file' signed --trust root.pem
expect 0 'team: TEAM123456' signed --trust root.pem
llvm-lipo-14 -create signed adhoc -output fat
expect 4 '1 of 2' fat --trust root.pem

# ---- not by these

expect 4 'expired' signed --trust root.pem --at 2060-01-01T00:00:00Z
by bad short
expect 4 'weak' bad --trust root.pem
by bad tls
expect 4 'wrong EKU' bad --trust root.pem
by bad odd
expect 4 'unhandled critical extension' bad --trust root.pem
by bad one hash=sha1
expect 4 'weak' bad --trust root.pem
by bad one strip
expect 4 'the signature is not there' bad --trust root.pem

# ---- what is signed is not what is there

by bad one hash=sha1,sha256 unnamed
expect 4 'named other code directories' bad --trust root.pem
by bad one renamed
expect 4 'named other code directories' bad --trust root.pem
by bad one hash=sha1,sha256 bare
expect 4 'the signer named the first alone' bad --trust root.pem
by bad one hash=sha1,sha256 page
expect 4 'are not those of the code directory (sha256)' bad --trust root.pem
by bad one gap
expect 4 '32 bytes of code before the signature are in no page' bad --trust root.pem
by bad one entitlements=rights smuggle
expect 4 'does not name: nobody signed them' bad --trust root.pem
by bad one entitlements=rights drop
expect 4 'and not there' bad --trust root.pem
# Bytes that programs leave behind the signature: told, as Apple's own do it.
by bad one stale
expect 0 'nobody signed them' bad --trust root.pem
by signed one entitlements=rights
{ cat signed && echo tail; } >bad
expect 4 '5 bytes behind the signature' bad --trust root.pem

# One bit of the code, of the load commands, of the padding, of any blob. What stands
# behind the last blob is nobody's.
at=$(grep -abo "$(printf '\372\336\014\300')" signed | tail -n 1 | cut -d: -f1)
length=$(od -An -tu4 --endian=big -j $((at + 4)) -N 4 signed | tr -d ' ')
for offset in 4 16 24 33 100 600 4000 5000 $((at - 1)) $((at + 1)) $((at + 6)) \
	$((at + 11)) $((at + 13)) $((at + 100)) $((at + 140)) $((at + 300)) \
	$((at + length - 200)) $((at + length - 1)); do
	change signed bad "$offset"
	status=0
	"$VERIFY" signatures bad --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "byte $offset was changed, and nobody minds"
done
for size in $((at - 1)) $((at + 8)) $((at + 60)) $((at + length - 1)); do
	head -c "$size" signed >bad
	status=0
	"$VERIFY" signatures bad --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "cut at $size, and nobody minds"
done

# ---- a bundle: what is signed with the program lies beside it

mkdir -p App.app/Contents/MacOS App.app/Contents/Resources App.app/Contents/_CodeSignature
cp Info.plist App.app/Contents/Info.plist
seq 100 >'App.app/Contents/Resources/a & b'
seq 10 >App.app/Contents/Resources/c
python3 - App.app/Contents 'Resources/a & b' Resources/c <<'END'
import hashlib, plistlib, sys
files = {name: {"hash2": hashlib.sha256(open(f"{sys.argv[1]}/{name}", "rb").read()).digest()}
         for name in sys.argv[2:]}
files["Resources/lacking"] = {"hash2": bytes(32), "optional": True}
files["MacOS/helper"] = {"cdhash": bytes(20), "requirement": "identifier x"}
with open(f"{sys.argv[1]}/_CodeSignature/CodeResources", "wb") as out:
    plistlib.dump({"files": {}, "files2": files, "rules": {}}, out)
END
by App.app/Contents/MacOS/App one info=App.app/Contents/Info.plist \
	resources=App.app/Contents/_CodeSignature/CodeResources
# bundle STATUS TEXT [KIND]: of the bundle in an archive.
bundle() {
	tar -cf bundle.tar App.app
	expect "$1" "$2" bundle.tar --trust root.pem
}
bundle 0 'App.app/Contents/Info.plist is the one that was signed'
bundle 0 'resources: 2 as signed, 0 different, 0 absent, 1 with signatures of their own'
! grep -q 'not looked at' out || fail 'what was looked at is told as not'
cp -a App.app good
break_bundle() { # TEXT COMMAND...: invalid after the command
	text=$1
	shift
	"$@"
	bundle 4 "$text"
	rm -rf App.app
	cp -a good App.app
}
content=App.app/Contents
break_bundle "'$content/Info.plist' is not the one that was signed" cp x.c $content/Info.plist
break_bundle '1 files of the bundle are not the ones that were signed' cp x.c $content/Resources/c
break_bundle '1 files of the bundle that were signed are not there' rm "$content/Resources/a & b"
break_bundle 'CodeResources'"' is not the one that was signed" \
	sed -i s/lacking/Lacking/ $content/_CodeSignature/CodeResources
cp x.c $content/Resources/more
bundle 0 'in no list of the bundle: App.app/Contents/Resources/more'
rm $content/Info.plist
bundle 0 'Info.plist is signed by its digest, and is not in this file'

# ---- a disk image

need 7z xorriso
mkdir tree && seq 1000 >tree/a && xorriso -as mkisofs -quiet -R -o x.iso tree 2>tool.log
python3 "$SOURCE/testdata/dmg/make.py" x.iso x.dmg
image() { # OUT ARGUMENT...
	out=$1
	shift
	python3 "$SOURCE/testdata/codesign/sign.py" x.dmg "$out" cert=one.pem key=one.key "$@"
	7z l "$out" | grep -q ' a$' || fail "7z does not find the file in $out"
}
expect 4 'unsigned: the trailer names no code signature' x.dmg
image signed.dmg
agree yes signed.dmg
expect 0 'One (CH)' signed.dmg --trust root.pem
expect 4 'untrusted' signed.dmg
image bad.dmg blind
expect 4 'the trailer of the disk image: the code directory (sha256) does not name it' bad.dmg \
	--trust root.pem
size=$(wc -c <signed.dmg)
change signed.dmg bad.dmg 100
expect 4 'are not those of the code directory' bad.dmg --trust root.pem
change signed.dmg bad.dmg $((size - 20))
expect 4 'the trailer of the disk image: not what the code directory' bad.dmg --trust root.pem
for back in 1 100 201 216 300 400 505 512 513 600 1200; do
	change signed.dmg bad.dmg $((size - back))
	status=0
	"$VERIFY" signatures bad.dmg --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "byte -$back of the image was changed, and nobody minds"
done

# ---- shipped with a signature, rebuilt without, or with the linker's

same() {
	"$VERIFY" compare "$1" "$2" >out || fail "$1 and $2 differ"
	grep -q 'signature-only' out || fail "$1 and $2 are not told apart by the signature"
}
by signed one hash=sha1,sha256
same signed plain
python3 "$SOURCE/testdata/codesign/sign.py" adhoc other cert=one.pem key=one.key
same other adhoc
llvm-lipo-14 -create plain adhoc -output fat
llvm-lipo-14 -create signed other -output fat.signed
same fat.signed fat
same signed.dmg x.dmg
for file in plain:5000 fat:9000 fat:$(($(wc -c <fat) - 3000)); do
	change "${file%:*}" changed "${file#*:}"
	shipped=signed
	[ "${file%:*}" = plain ] || shipped=fat.signed
	status=0
	"$VERIFY" compare "$shipped" changed >out || status=$?
	[ "$status" -eq 1 ] || fail "a change at $file ended with $status"
done
