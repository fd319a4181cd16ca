# verify signatures: NuGet packages, made by zip and signed as NuGet's documentation says
# by openssl (testdata/signature/nuget.py). The digests of real packages are in the
# samples of other projects; nothing here can run NuGet itself.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need zip openssl python3

signs='keyUsage=critical,digitalSignature
extendedKeyUsage=codeSigning'
certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate other '/C=CH/O=Other/CN=Other Root' self "$authority"
certificate author '/C=CH/O=Muster AG/CN=Author' root "$signs"
certificate store '/C=CH/O=Store/CN=Repository' root "$signs"
certificate small '/C=CH/O=Muster AG/CN=Small' root "$signs" 1024
certificate tls '/C=CH/CN=www' root 'extendedKeyUsage=serverAuth'
authority_of_time tsaroot tsa

mkdir -p d/lib
printf '<package><metadata><id>x</id></metadata></package>\n' >d/x.nuspec
printf '<Types/>\n' >'d/[Content_Types].xml'
seq 1 4000 >d/lib/numbers
touch -d '2024-01-02 03:04:06 UTC' d/*.nuspec d/*.xml d/lib/numbers
(cd d && zip -q -X ../plain.nupkg x.nuspec lib/numbers '[Content_Types].xml')
make() { # OUT NAME OPTION...
	to=$1
	shift
	python3 "$SOURCE/testdata/signature/nuget.py" plain.nupkg "$to.nupkg" "$@" ||
		fail "nuget.py $to"
}
trust() { set -- "$@" --trust root.pem --trust-timestamp tsaroot.pem; expect "$@"; }
offset() { grep -abo -- "$2" "$1" | head -n 1 | cut -d: -f1; }

# ---- who signed

make signed author
make store store role=repository
make both author counter=store
make stamped author tsa=tsa.conf counter=store counter-tsa=tsa.conf
trust 0 'Author (CH)' signed.nupkg
trust 0 'signed as: author' signed.nupkg
trust 0 'repository: https://packages.example/index' store.nupkg
trust 0 'owner: muster' store.nupkg
trust 0 '2 of 2 signatures valid' both.nupkg
trust 0 'countersignature of signature 0' both.nupkg
trust 0 '2 of 2 signatures valid' stamped.nupkg
[ "$(grep -c 'valid timestamp' out)" -eq 2 ] || fail 'not two timestamps'
grep -q 'no trusted timestamp' out && fail 'a timestamp does not count'

# Every byte of the zip is the signature, signed, or known to the format.
"$VERIFY" signatures signed.nupkg --trust root.pem --json - >json
grep -q '"covers": "all"' json || fail 'not all is covered'
grep -q '"unexplained": 0' json || fail 'bytes are unexplained'

# What the signature signs is what openssl takes.
unzip -p stamped.nupkg .signature.p7s >p7s
openssl cms -verify -inform DER -in p7s -CAfile root.pem -purpose any -out text 2>/dev/null ||
	fail 'openssl does not take it'
hash=$(openssl dgst -sha256 -binary plain.nupkg | base64)
grep -qF -- "-Hash:$hash" text || fail 'another digest was signed'

# ---- the table: tampered, stripped, expired, wrong anchor, weak

at=$(offset signed.nupkg 'lib/numbers')
change signed.nupkg content.nupkg $((at + 100))
trust 4 'is not the one that was signed' content.nupkg
change signed.nupkg time.nupkg 10 # of the first entry
trust 4 'is not the one that was signed' time.nupkg
make value author flip=5
trust 4 'was not made by' value.nupkg
trust 4 'unsigned' plain.nupkg
trust 4 'expired' signed.nupkg --at 2099-01-01T00:00:00Z
expect 4 'untrusted' signed.nupkg --trust other.pem
expect 4 'untrusted' signed.nupkg
make weak small
trust 4 'weak' weak.nupkg
make wrong tls
trust 4 'wrong EKU' wrong.nupkg

# The repository's signature alone may fail: both are told, the worst decides.
make repository author counter=tls
trust 4 '1 of 2 signatures valid' repository.nupkg

# ---- bytes that nobody signed

{ cat signed.nupkg; printf x; } >behind.nupkg
trust 4 'invalid' behind.nupkg
{ printf x; cat signed.nupkg; } >before.nupkg
trust 4 'invalid' before.nupkg
make stuffed author stuff=payload
trust 4 'bytes that nobody signed' stuffed.nupkg
for how in compressed extra comment; do
	make "$how" author "entry=$how"
	trust 4 'that is not stored plainly' "$how.nupkg"
done
make first author entry=first
trust 4 'that is not the last entry' first.nupkg
make twice author entry=twice
trust 4 'beside another one' twice.nupkg

# ---- signatures of something else

printf '<package/>\n' >d/y.nuspec
(cd d && zip -q -X ../another.nupkg y.nuspec)
make swapped author about=another.nupkg
trust 4 'is not the one that was signed' swapped.nupkg
make letter author 'text=To whom it may concern'
trust 4 'no digest of a NuGet package' letter.nupkg
make nobody author role=none
trust 4 'its commitment type' nobody.nupkg

# ---- grafts

cp plain.nupkg rebuilt.nupkg
"$VERIFY" compare signed.nupkg rebuilt.nupkg >out 2>&1 || fail 'not the signature only'
grep -q 'signature-only' out || fail 'no signature-only'
"$VERIFY" compare stamped.nupkg rebuilt.nupkg >out 2>&1 || fail 'not the signatures only'
change plain.nupkg changed.nupkg 10
"$VERIFY" compare signed.nupkg changed.nupkg >out 2>&1 && fail 'a change is passed over'
for how in extra first twice; do
	"$VERIFY" compare "$how.nupkg" rebuilt.nupkg >out 2>&1 &&
		fail "an entry ($how) passes for a signature"
done
exit 0
