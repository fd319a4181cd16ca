# verify signatures --trust system: the machine's own store, where openssl looks for it.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl jq

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority"
certificate second '/C=CH/O=Muster AG/CN=Second' self "$authority"
certificate one '/C=CH/O=Muster AG/CN=One' root "$code"
certificate two '/C=CH/O=Muster AG/CN=Two' second "$code"
seq 1 1000 >file
for name in one two; do
	openssl cms -sign -binary -outform DER -in file -out "$name.p7s" \
		-signer "$name.pem" -inkey "$name.key" 2>/dev/null
done

unset SSL_CERT_FILE SSL_CERT_DIR
# The real store, or none: it never has the authority of this test.
status=0
"$VERIFY" signatures file --detached one.p7s --trust system >out 2>&1 || status=$?
case $status in
2) grep -q 'no store of certificates' out || fail "no store, and not said so" ;;
4) grep -q untrusted out || fail "the machine's store has an authority made here" ;;
*) fail "the machine's store ended with $status" ;;
esac

# ---- a file: it alone counts, and is told

cat root.pem root.pem >store.pem
export SSL_CERT_FILE="$PWD/store.pem"
expect 0 "the system's store" file --detached one.p7s --trust system
expect 4 'untrusted' file --detached two.p7s --trust system
expect 4 'untrusted' file --detached one.p7s
expect 4 'untrusted' file --detached one.p7s --trust-timestamp system
expect 0 'One (CH)' file --detached one.p7s --trust system --trust root.pem --trust system
"$VERIFY" signatures -q file --detached one.p7s --trust system --json found.json
jq -e --arg path "$SSL_CERT_FILE" --arg sha256 "$(sha256sum <store.pem | cut -d' ' -f1)" '
	([.inputs[] | select(.role == "certificate")] |
		length == 1 and .[0].path == $path and .[0].sha256 == $sha256) and
	.signatures[0].chain[-1].anchor == "the system'"'"'s store"' found.json >/dev/null ||
	fail "$(jq -c '[.inputs, .signatures[0].chain[-1].anchor]' found.json)"
# A file of that name is another matter.
cp second.pem system
expect 4 'untrusted' file --detached two.p7s --trust system
expect 0 'Two (CH)' file --detached two.p7s --trust ./system
# What the variable names must be there, and be certificates.
SSL_CERT_FILE="$PWD/none.pem" expect 3 'none.pem' file --detached one.p7s --trust system
SSL_CERT_FILE="$PWD/file" expect 2 'no certificate' file --detached one.p7s --trust system

# ---- folders: what openssl finds by its name

unset SSL_CERT_FILE
mkdir first other empty
cp root.pem first/ && cp second.pem other/
export SSL_CERT_DIR="$PWD/empty:$PWD/first:$PWD/other"
expect 2 'no store of certificates' file --detached one.p7s --trust system
openssl rehash first other
mkdir first/java && echo none >first/README
expect 0 'One (CH)' file --detached one.p7s --trust system
expect 0 'Two (CH)' file --detached two.p7s --trust system
SSL_CERT_DIR="$PWD/other" expect 4 'untrusted' file --detached one.p7s --trust system
SSL_CERT_DIR="$PWD/nowhere" expect 3 'nowhere' file --detached one.p7s --trust system
# Both variables: both count.
export SSL_CERT_FILE="$PWD/root.pem" SSL_CERT_DIR="$PWD/other"
expect 0 'One (CH)' file --detached one.p7s --trust system
expect 0 'Two (CH)' file --detached two.p7s --trust system
