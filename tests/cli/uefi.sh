# verify signatures: updates of UEFI variables, signed by efitools and sbsigntool. Neither
# can check what it made: openssl's word over the bytes that the specification says are
# signed stands beside ours.
set -eu
# shellcheck source=tests/cli-functions
. "$SOURCE/tests/cli-functions"
need openssl sign-efi-sig-list cert-to-efi-sig-list sbvarsign perl

certificate root '/C=CH/O=Muster AG/CN=Root' self "$authority" 2048
certificate kek '/C=CH/O=Muster AG/CN=KEK' root 'keyUsage=critical,digitalSignature' 2048
certificate other '/C=CH/O=Muster AG/CN=Other' self 'keyUsage=critical,digitalSignature' 2048
certificate short '/C=CH/O=Muster AG/CN=Short' root 'keyUsage=critical,digitalSignature' 1024
cert-to-efi-sig-list -g 77fa9abd-0359-4d32-bd60-28f4e78f784b root.pem root.esl
cert-to-efi-sig-list -g 77fa9abd-0359-4d32-bd60-28f4e78f784b other.pem other.esl
cat root.esl other.esl >two.esl

sign() { # NAME OUT ARGUMENT...
	name=$1 out=$2
	shift 2
	sign-efi-sig-list "$@" "$name" two.esl "$out" >tool.log
}

# agree yes|no FILE VARIABLE VENDOR ATTRIBUTES: openssl's word of the signature in it.
agree() {
	perl -we 'use strict; use Encode; my ($file, $name, $vendor, $attributes) = @ARGV;
		open my $in, "<:raw", $file or die; local $/; my $all = <$in>;
		my $size = unpack "x16 V", $all;
		my ($a, $b, $c, $d, $e) = split /-/, $vendor;
		open my $out, ">:raw", "content" or die;
		print $out encode("UTF-16LE", $name),
			pack("V v v H4 H12 V", hex $a, hex $b, hex $c, $d, $e, hex $attributes),
			substr($all, 0, 16), substr($all, 16 + $size);
		open $out, ">:raw", "data.der" or die;
		print $out substr($all, 40, $size - 24)' "$2" "$3" "$4" "$5"
	# the message lacks its ContentInfo: put it around
	perl -we 'use strict; local $/; open my $in, "<:raw", "data.der"; my $data = <$in>;
		sub wrap { my ($tag, $value) = @_;
			return pack("CCn", $tag, 0x82, length $value) . $value }
		open my $out, ">:raw", "info.der";
		print $out wrap(0x30, "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02" .
			wrap(0xa0, $data))'
	answer=no
	openssl cms -verify -binary -inform DER -content content -in info.der -CAfile root.pem \
		-purpose any >/dev/null 2>tool.log && answer=yes
	[ "$answer" = "$1" ] || fail "openssl says $answer of $2: $(cat tool.log)"
}
global=8be4df61-93ca-11d2-aa0d-00e098032b8c
images=d719b2cb-3d3a-4596-a3bc-dad00e67656f

# ---- valid, and for which variable

sign db db.auth -k kek.key -c kek.pem
agree yes db.auth db "$images" 27
agree no db.auth dbx "$images" 27
expect 0 'variable: db vendor: d719b2cb-3d3a-4596-a3bc-dad00e67656f attributes: 0x27' \
	db.auth --trust root.pem --intermediate kek.pem
expect 0 'signature list 1: EFI_CERT_X509, 1 signature' db.auth --trust kek.pem
sign dbx dbx.auth -a -k kek.key -c kek.pem
agree yes dbx.auth dbx "$images" 67
expect 0 'variable: dbx' dbx.auth --trust kek.pem
expect 0 'added to what the variable holds' dbx.auth --trust kek.pem
for name in PK KEK; do
	sign "$name" "$name.auth" -k kek.key -c kek.pem
	agree yes "$name.auth" "$name" "$global" 27
	expect 0 "variable: $name" "$name.auth" --trust kek.pem
done
sbvarsign --key kek.key --cert kek.pem --output sb.auth KEK two.esl 2>tool.log
expect 0 'variable: KEK' sb.auth --trust kek.pem
: >empty
sign-efi-sig-list -k kek.key -c kek.pem PK empty nopk.auth >tool.log
expect 0 'the variable is deleted' nopk.auth --trust kek.pem

# ---- whom nobody trusts, what is broken

expect 4 'untrusted' db.auth
expect 4 'untrusted' db.auth --trust other.pem
sign db stranger.auth -k other.key -c other.pem
expect 4 'untrusted' stranger.auth --trust root.pem
sign db weak.auth -k short.key -c short.pem
expect 4 'weak' weak.auth --trust short.pem
expect 4 'expired' db.auth --trust kek.pem --at 2060-01-01T00:00:00Z
expect 4 'unsigned' two.esl --trust root.pem
# A variable that nobody knows here; its data or another one's, nobody can tell.
sbvarsign --guid 605dab50-e046-4300-abb6-3dd810dd8b24 --key kek.key --cert kek.pem \
	--output own.auth Own two.esl 2>tool.log
expect 4 'for none of the variables PK, KEK' own.auth --trust kek.pem

# ---- one bit of the time, the frame, the message, the data

message=$(perl -e 'open F, "<:raw", "db.auth"; read F, $_, 20; print unpack "x16 V", $_')
size=$(wc -c <db.auth)
for at in 0 6 7 15 16 20 22 30 40 45 100 $((message - 1)) $((message + 15)) \
	$((message + 16)) $((message + 60)) $((size - 1)); do
	change db.auth bad.auth "$at"
	status=0
	"$VERIFY" signatures bad.auth --trust root.pem >out 2>&1 || status=$?
	[ "$status" -ne 0 ] || fail "byte $at of the update was changed, and nobody minds"
done
change db.auth bad.auth $((message + 60))
agree no bad.auth db "$images" 27
expect 4 'invalid' bad.auth --trust kek.pem
{ cat db.auth && echo; } >long.auth
expect 4 'invalid' long.auth --trust kek.pem
head -c 40 db.auth >cut.auth
expect 4 'malformed' cut.auth --trust kek.pem

# ---- shipped with a signature, rebuilt without

"$VERIFY" compare db.auth two.esl >out || fail 'an update and its data differ'
grep -q 'signature-only' out || fail 'an update and its data are not told apart by the signature'
change two.esl changed.esl 100
status=0
"$VERIFY" compare db.auth changed.esl >out || status=$?
[ "$status" -eq 1 ] || fail 'a changed list is not different'
