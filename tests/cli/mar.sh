# verify signatures: Mozilla's update archives, put together as libmar's mar_create.c and
# mar_sign.c do it, and signed by openssl.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl python3 jq

# mar OUT [ALGORITHM:KEY...]: the files in `in`.
mar() { python3 "$SOURCE/testdata/signature/mar.py" "$@"; }

for name in one two; do
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out $name.key 2>/dev/null
done
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out large.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:1024 -out short.key 2>/dev/null
for name in one two large short; do
	openssl pkey -in $name.key -pubout -out $name.pub
done
# libmar is given certificates, of which it takes the key alone.
openssl req -new -x509 -key large.key -subj '/CN=Release' -days 1 -outform DER -out large.der

mkdir in
seq 1 1000 >in/omni.ja
printf 'type "complete"\nadd "omni.ja"\n' >in/updatev3.manifest

mar good.mar 2:large.key
expect 0 'channel: release-cdn' good.mar --key large.pub
expect 0 'product version: 128.5.0' good.mar --key large.der
expect 0 'signed, 512 signature' good.mar --key large.pub
expect 4 'untrusted: behind the head, at offset 28: no RSA key of its size, 512 bytes' good.mar
expect 4 'untrusted' good.mar --key one.pub
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:4096 -out other.key 2>/dev/null
openssl pkey -in other.key -pubout -out other.pub
expect 4 'does not fit' good.mar --key other.pub
size=$(wc -c <good.mar)
change good.mar content.mar 2000
expect 4 'does not fit' content.mar --key large.pub
change good.mar index.mar $((size - 4))
expect 4 'does not fit' index.mar --key large.pub
change good.mar signature.mar 100
expect 4 'does not fit' signature.mar --key large.pub
change good.mar version.mar $((20 + 8 + 512 + 4 + 8 + 13))
expect 4 'does not fit' version.mar --key large.pub
change good.mar size.mar 15
expect 4 'the archive says that it has' size.mar --key large.pub
{ cat good.mar && echo more; } >long.mar
expect 4 'invalid' long.mar --key large.pub
change good.mar count.mar 19 # no signature any more, by its count
expect 4 '' count.mar --key large.pub
mar stripped.mar
expect 4 'unsigned' stripped.mar --key large.pub
OLD=1 mar old.mar
expect 4 'unsigned' old.mar --key large.pub

# What was signed so is still not good.
mar sha1.mar 1:one.key
expect 4 'sha1 is broken' sha1.mar --key one.pub
mar short.mar 2:short.key
expect 4 'has only 1024 bits' short.mar --key short.pub
mar unknown.mar 3:one.key
expect 3 'algorithm 3 is not known here' unknown.mar --key one.pub
INSIDE=1 mar inside.mar 2:large.key
expect 4 'a member lies where the signatures do' inside.mar --key large.pub
AFTER=1 mar after.mar 2:large.key
expect 4 'after the end' after.mar --key large.pub

# Two: both good, one of an unknown key, one bad; more than are allowed.
mar both.mar 2:one.key 2:two.key
expect 0 '2 of 2 signatures valid' both.mar --key one.pub --key two.pub
expect 4 '1 of 2 signatures valid' both.mar --key one.pub
change both.mar bad.mar $((20 + 8 + 256 + 8 + 30))
expect 4 '1 of 2 signatures valid' bad.mar --key one.pub --key two.pub
# Sizes of signatures: one that reaches into the contents, one that is none.
{ head -c 24 good.mar && printf '\0\0\7\377' && tail -c +29 good.mar; } >reach.mar
expect 4 'invalid' reach.mar --key large.pub
{ head -c 24 good.mar && printf '\377\377\377\377' && tail -c +29 good.mar; } >huge.mar
expect 4 'invalid' huge.mar --key large.pub
{ head -c 16 good.mar && printf '\0\0\0\11' && tail -c +21 good.mar; } >many.mar
expect 4 'invalid' many.mar --key large.pub

# Past the signature.
compare() { # VERDICT SHIPPED REBUILT
	"$VERIFY" compare "$2" "$3" --json json >out 2>&1 || true
	[ "$(jq -r .verdict.bytes json)" = "$1" ] || fail "$2 and $3 are not $1"
}
compare reproduced-except-signature good.mar stripped.mar
compare reproduced-except-signature good.mar both.mar
compare reproduced-except-signature both.mar sha1.mar
compare differs good.mar old.mar
change stripped.mar another.mar 1000
compare differs good.mar another.mar
