# verify signatures: Open Packaging files with XML signatures (testdata/signature/opc.py).
# xmlsec1 says the same of the XML; the parts of the package are not its concern.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 xmlsec1 unzip

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority" 2048
certificate other '/C=CH/O=Other/CN=Other' self "$authority" 2048
certificate leaf '/C=CH/O=Muster AG/CN=Signer' root "$code" 2048
certificate small '/C=CH/O=Muster AG/CN=Small' root "$code" 1024
certificate tls '/C=CH/CN=www' root 'extendedKeyUsage=serverAuth' 2048

make() { # OUT NAME OPTION...
	to=$1
	shift
	python3 "$SOURCE/testdata/signature/opc.py" "$to.vsix" "$@" || fail "opc.py $to"
}
agree() { # yes|no FILE
	unzip -p "$2" '*.psdsxs' >signature.xml
	answer=no
	xmlsec1 --verify --ignore-manifests --trusted-pem root.pem signature.xml \
		>tool.log 2>&1 && answer=yes
	[ "$answer" = "$1" ] || fail "xmlsec1 says $answer of $2: $(cat tool.log)"
}
trust() { set -- "$@" --trust root.pem; expect "$@"; }

make good leaf
agree yes good.vsix
trust 0 'Signer (CH)' good.vsix
trust 0 'signed parts: 3' good.vsix
"$VERIFY" signatures good.vsix --trust root.pem --json - >json
grep -q '"covers": "all"' json || fail 'it does not cover all'

# ---- the table: tampered, stripped, expired, wrong anchor, weak

make content leaf change=lib.txt
agree yes content.vsix # the list holds, the part does not
trust 4 "the part 'lib.txt' is not the one that was signed" content.vsix
make list leaf list
agree no list.vsix
trust 4 'the list of parts is not the one that was signed' list.vsix
make value leaf value
agree no value.vsix
trust 4 'made by none of the RSA keys' value.vsix
cp good.vsix stripped.vsix
zip -q -d stripped.vsix '*.psdsxs'
trust 4 'unsigned' stripped.vsix
trust 4 'expired' good.vsix --at 2099-01-01T00:00:00Z
expect 4 'untrusted' good.vsix --trust other.pem
expect 4 'untrusted' good.vsix
make sha1 leaf sha1
trust 4 'weak' sha1.vsix
make weak small
trust 4 'weak' weak.vsix
make tls tls
trust 4 'wrong EKU' tls.vsix

# ---- parts that nobody signed, or that are gone; a signature of nothing

make part leaf out=lib.txt
"$VERIFY" signatures part.vsix --trust root.pem --json - >json || fail 'not valid'
grep -q '"lib.txt"' json || fail 'the part that nobody signed is not told'
grep -q '"covers": "part"' json || fail 'it covers all'
make type leaf type
trust 4 "the part 'lib.txt' is of another type than was signed" type.vsix
make missing leaf missing=gone.txt
trust 4 "the part 'gone.txt', which was signed, is not there" missing.vsix
make none leaf none
trust 4 'it signs no part of the package' none.vsix

# ---- what would need a library, or makes readers differ

for how in comment entity; do
	make "$how" leaf "$how"
	trust 3 'not of the plain form' "$how.vsix"
done
make twice leaf twice
trust 4 'two elements have the Id that is signed' twice.vsix
make transform leaf transform
trust 3 'made in a way that is not known here' transform.vsix
