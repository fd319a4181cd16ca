# verify signatures: link metadata made by in-toto's own program.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need in-toto-run openssl jq

openssl genrsa -out rsa.key 3072 2>/dev/null
openssl rsa -in rsa.key -pubout -out rsa.pub 2>/dev/null
openssl genrsa -out other.key 3072 2>/dev/null
openssl rsa -in other.key -pubout -out other.pub 2>/dev/null
mkdir build && cd build
in-toto-run -n compile -p app lib -k ../rsa.key -t rsa -- \
	sh -c 'seq 1 1000 >app; seq 1 2000 >lib; echo "a \"b\\c"' >/dev/null 2>&1 ||
	fail 'in-toto-run does not work'
mv compile.*.link ../compile.link
cd ..

# ---- valid, tampered content, tampered signature, stripped, wrong key, another file

expect 0 'step: compile' build/app --detached compile.link --key rsa.pub
expect 0 'listed files: 1 covered' build/lib --detached compile.link --key rsa.pub
change build/app app 7
expect 4 "'app' has another digest than the statement says" app --detached compile.link \
	--key rsa.pub
jq '.signatures[0].sig |= sub("^.."; "00")' compile.link >bad.link
expect 4 'no signature fits' build/app --detached bad.link --key rsa.pub
jq '.signed.name = "other"' compile.link >bad.link
expect 4 'no signature fits' build/app --detached bad.link --key rsa.pub
jq '.signatures = []' compile.link >bad.link
expect 4 'nobody signed' build/app --detached bad.link --key rsa.pub
jq '.signatures[0].sig = "xy"' compile.link >bad.link
expect 4 'malformed link metadata' build/app --detached bad.link --key rsa.pub
expect 4 'no signature fits' build/app --detached compile.link --key other.pub
expect 4 'no key that was given' build/app --detached compile.link
expect 4 "does not name 'rsa.pub'" rsa.pub --detached compile.link --key rsa.pub
# White space and the order of members are not signed: the canonical form is.
jq -S -c . compile.link >same.link
expect 0 'valid' build/app --detached same.link --key rsa.pub

# ---- in a product

cp compile.link build/ && tar -cf product.tar build
expect 0 'listed files: 2 covered' product.tar --key rsa.pub
cp app build/app && tar -cf product.tar build
expect 4 "'build/app' has another digest" product.tar --key rsa.pub
