# verify signatures: bare keys (minisign, signify, ssh-keygen), each file made and each
# expectation held against the scheme's own tool.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need minisign signify-openbsd ssh-keygen

# The tool's own word must be the same: agree yes|no COMMAND...
agree() {
	word=$1
	shift
	answer=no
	"$@" >tool.log 2>&1 && answer=yes
	[ "$answer" = "$word" ] || fail "$*: the tool says $answer: $(cat tool.log)"
}

seq 1 1000 >file
change file changed 77
seq 1 1000 >other

# ---- minisign, prehashed and legacy

minisign -G -W -p mini.pub -s mini.key >/dev/null
minisign -G -W -p mini2.pub -s mini2.key >/dev/null
printf '\n' | minisign -S -W -s mini.key -m file -t 'build 7 of file' >/dev/null 2>&1 ||
	minisign -S -s mini.key -m file -t 'build 7 of file' >/dev/null
cp file.minisig good.minisig
minisign -S -l -s mini.key -m file -x legacy.minisig >/dev/null
agree yes minisign -V -p mini.pub -m file
expect 0 'says, signed: build 7 of file' file --detached good.minisig --key mini.pub
expect 0 '1 of 1 signature valid' file --detached legacy.minisig --key mini.pub
expect 0 '1 of 1 signature valid' file --detached good.minisig --key mini2.pub --key mini.pub
agree no minisign -V -p mini.pub -m changed -x good.minisig
expect 4 'does not fit' changed --detached good.minisig --key mini.pub
expect 4 'does not fit' changed --detached legacy.minisig --key mini.pub
agree no minisign -V -p mini2.pub -m file -x good.minisig
expect 4 'no key that was given has the id' file --detached good.minisig --key mini2.pub
expect 4 'no key that was given has the id' file --detached good.minisig
sed 's/build 7/build 8/' good.minisig >comment.minisig
agree no minisign -V -p mini.pub -m file -x comment.minisig
expect 4 'over the trusted comment does not fit' file --detached comment.minisig --key mini.pub
sed '1s/comment: .*/comment: anything/' good.minisig >untrusted.minisig
agree yes minisign -V -p mini.pub -m file -x untrusted.minisig
expect 0 'valid' file --detached untrusted.minisig --key mini.pub
head -n 3 good.minisig >short.minisig
expect 4 'malformed' file --detached short.minisig --key mini.pub
{ cat good.minisig && echo more; } >long.minisig
expect 4 'malformed' file --detached long.minisig --key mini.pub
# The same id, another key: an id proves nothing.
python3 - <<'P' 2>/dev/null || { echo "needs python3"; exit 77; }
import base64
one = open('mini.pub').read().split('\n'); two = open('mini2.pub').read().split('\n')
a, b = base64.b64decode(one[1]), base64.b64decode(two[1])
open('collide.pub', 'w').write(two[0] + '\n' + base64.b64encode(a[:10] + b[10:]).decode() + '\n')
P
expect 4 'does not fit' file --detached good.minisig --key collide.pub
expect 0 'valid' file --detached good.minisig --key collide.pub --key mini.pub

# ---- signify

signify-openbsd -G -n -p sig.pub -s sig.sec
signify-openbsd -G -n -p sig2.pub -s sig2.sec
signify-openbsd -S -s sig.sec -m file -x file.sigy
agree yes signify-openbsd -V -q -p sig.pub -m file -x file.sigy
expect 0 '1 of 1 signature valid' file --detached file.sigy --key sig.pub
agree no signify-openbsd -V -q -p sig.pub -m changed -x file.sigy
expect 4 'does not fit' changed --detached file.sigy --key sig.pub
agree no signify-openbsd -V -q -p sig2.pub -m file -x file.sigy
expect 4 'no key that was given has the id' file --detached file.sigy --key sig2.pub
change file.sigy bad.sigy 120
expect 4 '' file --detached bad.sigy --key sig.pub

# ---- ssh-keygen -Y, each kind of key

for kind in ed25519 ecdsa rsa; do
	ssh-keygen -q -t "$kind" -N '' -C "me@$kind" -f "ssh-$kind"
	rm -f file.sig
	ssh-keygen -q -Y sign -f "ssh-$kind" -n file file 2>/dev/null
	mv file.sig "$kind.sshsig"
	echo "me@example.org $(cat "ssh-$kind.pub")" >"allowed-$kind"
	agree yes sh -c "ssh-keygen -Y verify -f allowed-$kind -I me@example.org -n file -s $kind.sshsig <file"
	expect 0 'me@example.org' file --detached "$kind.sshsig" --key "allowed-$kind"
	expect 0 '1 of 1 signature valid' file --detached "$kind.sshsig" --key "ssh-$kind.pub"
	agree no sh -c "ssh-keygen -Y verify -f allowed-$kind -I me@example.org -n file -s $kind.sshsig <changed"
	expect 4 'does not fit' changed --detached "$kind.sshsig" --key "ssh-$kind.pub"
	expect 4 'none of those that were given' file --detached "$kind.sshsig"
done
expect 4 'none of those that were given' file --detached rsa.sshsig --key ssh-ed25519.pub
echo "me@example.org namespaces=\"git,mail\" $(cat ssh-ed25519.pub)" >narrow
agree no sh -c 'ssh-keygen -Y verify -f narrow -I me@example.org -n file -s ed25519.sshsig <file'
expect 4 'not allowed to sign in this namespace' file --detached ed25519.sshsig --key narrow
echo "me@example.org namespaces=\"git,file\" $(cat ssh-ed25519.pub)" >wide
expect 0 'valid' file --detached ed25519.sshsig --key wide
echo "me@example.org valid-before=\"20200101\" $(cat ssh-ed25519.pub)" >timed
expect 3 'options that are not known here' file --detached ed25519.sshsig --key timed
ssh-keygen -q -t rsa -b 1024 -N '' -f ssh-weak 2>/dev/null && {
	rm -f file.sig
	ssh-keygen -q -Y sign -f ssh-weak -n file file 2>/dev/null && {
		mv file.sig weak.sshsig
		expect 4 'RSA with 1024 bits' file --detached weak.sshsig --key ssh-weak.pub
	}
}
head -c 200 ed25519.sshsig >cut.sshsig
expect 4 'malformed' file --detached cut.sshsig --key ssh-ed25519.pub

# ---- beside the file, in a folder packed as a product

mkdir product && cp file other product/ && cp good.minisig product/file.minisig
cp ed25519.sshsig product/other.sig
tar -cf product.tar product
expect 0 '2 of 2 signatures valid' product.tar --key mini.pub --key ssh-ed25519.pub
cp changed product/file && tar -cf product.tar product
expect 4 '1 of 2 signatures valid' product.tar --key mini.pub --key ssh-ed25519.pub
