# verify compare from the command line: exit statuses, reports, confinement.
set -eu
for program in gcc dpkg-deb gzip tar; do
	command -v "$program" >/dev/null || { echo "no $program"; exit 77; }
done

# expect STATUS ARGUMENT...: run compare and keep what it says in out.json
expect() {
	wanted=$1
	shift
	got=0
	"$VERIFY" compare -q --json out.json --text out.txt "$@" >out.said 2>&1 || got=$?
	[ "$got" -eq "$wanted" ] || {
		echo "compare $*: exit status $got instead of $wanted"
		cat out.said out.txt
		exit 1
	}
}

has() {
	grep -F -e "$1" "$2" >/dev/null || {
		echo "'$1' is not in $2:"
		cat "$2"
		exit 1
	}
}

mkdir -p p/DEBIAN p/usr/bin
cat >x.c <<'END'
#include <stdio.h>
int work(int x) { return x * 3 + 7; }
int main(int c, char **v) { printf("%d\n", work(c)); return !v; }
END
gcc -O1 -o p/usr/bin/x x.c
printf 'Package: x\nVersion: 1\nArchitecture: amd64\nMaintainer: a <a@b>\nDescription: x\n' \
	>p/DEBIAN/control
(cd p && md5sum usr/bin/x >DEBIAN/md5sums)
SOURCE_DATE_EPOCH=1600000000
export SOURCE_DATE_EPOCH
dpkg-deb --root-owner-group -b p good.deb >/dev/null
cp -r p q
address=$((0x$(nm p/usr/bin/x | awk '$3 == "work" { print $1 }') + 1))
printf '\377' | dd of=q/usr/bin/x bs=1 seek="$address" conv=notrunc 2>/dev/null
dpkg-deb --root-owner-group -b q bad.deb >/dev/null
cp good.deb same.deb

# identical: one pass, nothing unpacked
expect 0 good.deb same.deb
has '"status": "identical"' out.json

# so long that comparing begins before it is known whether they are equal
truncate -s 80000000 long-a
cp long-a long-b
expect 0 long-a long-b
has '"status": "identical"' out.json
printf 'x' | dd of=long-b bs=1 seek=79999990 conv=notrunc 2>/dev/null
expect 1 long-a long-b
has '"shipped_offset": 79999990' out.json
has "$(sha256sum long-b | cut -d' ' -f1)" out.json
truncate -s 80000001 long-b
expect 1 long-a long-b
rm long-a long-b

# many files: their entries come in lines, each with both sides in full
mkdir many-a
awk 'BEGIN { for (i = 0; i < 9000; i++) { f = "many-a/" i; print "file " i > f; close(f) } }'
cp -rp many-a many-b
expect 0 many-a many-b
[ "$(grep -c '"status": "identical"' out.json)" = 9000 ]
echo changed >many-b/4100
rm many-b/8999
chmod 600 many-b/17
expect 1 many-a many-b
[ "$(grep -c '"status": "identical"' out.json)" = 8998 ]
[ "$(grep -c '"status": "different"' out.json)" = 2 ] # 4100, and the folder for modes
for file in many-a/0 many-a/4095 many-a/4097 many-a/8998; do
	digest=$(sha256sum "$file" | cut -d' ' -f1)
	[ "$(grep -c "\"sha256\": \"$digest\"" out.json)" = 2 ]
done
has '"mode": "0600"' out.json
rm -r many-a many-b

# one byte of .text, the md5sums inside left as they were
expect 1 bad.deb good.deb
has './usr/bin/x' out.txt
has '(work+0x1)' out.txt
has '.text+0x' out.txt
offset=$(cmp -l q/usr/bin/x p/usr/bin/x | awk 'NR == 1 { print $1 - 1 }')
has "\"shipped_offset\": $offset" out.json
has '"seccomp"' out.json

# the inputs' digests stand with them and in their own entry
for input in bad.deb good.deb; do
	digest=$(sha256sum "$input" | cut -d' ' -f1)
	[ "$(grep -c "\"sha256\": \"$digest\"" out.json)" = 2 ]
done

# the same findings every time, and a report made again from them
cp out.json first.json
expect 1 bad.deb good.deb
cmp out.json first.json
"$VERIFY" report --text again.txt first.json >/dev/null 2>&1 || [ $? -eq 1 ]
cmp again.txt out.txt

# folders
mkdir -p s r
cp p/usr/bin/x s/x
cp q/usr/bin/x r/x
expect 1 r s
has '(work+0x1)' out.txt
cp s/x r/x
expect 0 r s
mkdir -p empty1 empty2
expect 3 empty1 empty2

# not comparable, not there, not readable, not a command line
expect 2 s good.deb
expect 3 nowhere.deb good.deb
got=0
"$VERIFY" compare good.deb >/dev/null 2>&1 || got=$?
[ "$got" -eq 2 ]
got=0
"$VERIFY" compare --nonsense good.deb same.deb >/dev/null 2>&1 || got=$?
[ "$got" -eq 2 ]

# empty is not equal to everything
: >none
expect 1 none good.deb
: >none2
expect 0 none none2

# cut off: different or undecided, never fine
head -c "$(($(wc -c <good.deb) - 100))" good.deb >cut.deb
got=0
"$VERIFY" compare -q --text out.txt cut.deb good.deb >/dev/null 2>&1 || got=$?
[ "$got" -eq 1 ] || [ "$got" -eq 3 ]

# a compressor's own work is told as such and stays a difference
gzip -9nc p/usr/bin/x >9.gz
gzip -1nc p/usr/bin/x >1.gz
expect 1 9.gz 1.gz
has 'compressor' out.txt

# a name with terminal controls is shown escaped
mkdir -p e f
printf one >"e/$(printf 'a\033[31mb')"
printf two >"f/$(printf 'a\033[31mb')"
expect 1 e f
has '\x1b[31mb' out.txt
if LC_ALL=C grep "$(printf '\033')" out.txt >/dev/null; then
	echo "a terminal control got into the report"
	exit 1
fi

# signed against unsigned
if command -v sbsign >/dev/null && command -v openssl >/dev/null; then
	printf 'int start(void) { return 3; }\n' >i.c
	gcc -c -ffreestanding -fno-stack-protector -fcf-protection=none \
		-fno-asynchronous-unwind-tables -fno-pic -o i.o i.c
	objcopy -R .comment -R .note.gnu.property i.o
	ld -m i386pep --subsystem 10 -e start --image-base 0x10000 -o image.efi i.o
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 \
		-subj /CN=test 2>/dev/null
	sbsign --key key.pem --cert cert.pem --output signed.efi image.efi 2>/dev/null
	expect 0 signed.efi image.efi
	has 'signature-only' out.txt
	expect 1 image.efi signed.efi
fi
