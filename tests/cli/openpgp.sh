# shellcheck shell=sh
# verify signatures on OpenPGP files made by gpg, held against gpgv, and on the
# archive's own files where the corpus is there.
set -eu
if ! command -v gpg >/dev/null || ! command -v gpgv >/dev/null || ! command -v jq >/dev/null; then
	echo "needs gpg, gpgv and jq"
	exit 77
fi
sh "$SOURCE/tests/openpgp-examples" >examples.log 2>&1 || {
	cat examples.log
	exit 1
}

fail() {
	echo "openpgp: $*"
	exit 1
}

# want EXIT STATUS arguments...
want() {
	exit=$1 status=$2
	shift 2
	got=0
	"$VERIFY" signatures "$@" --json out.json 2>err.txt || got=$?
	[ "$got" -eq "$exit" ] || fail "exit $got, not $exit: $* $(cat err.txt)"
	found=$(jq -r '[.signatures[].status] | join(" ")' out.json)
	[ "$found" = "$status" ] || fail "'$found', not '$status': $*"
}

# What gpgv calls good and bad must be that here as well.
for case in 'good file good' 'rsa file rsa' 'good other good' 'sub file sub' \
	'sub file sub-usage' 'sub other sub'; do
	# shellcheck disable=SC2086
	set -- $case
	if gpgv -q --keyring "./$3.gpg" "file.$1.sig" "$2" 2>/dev/null; then
		want 0 valid "$2" --detached "file.$1.sig" --pgp-keyring "$3.gpg"
	else
		want 4 invalid "$2" --detached "file.$1.sig" --pgp-keyring "$3.gpg"
	fi
done

want 0 valid file.clear.asc --pgp-keyring good.asc --signer "pgp:$(cat good.fpr)"
# What of the file is signed: its lines, but not the escape before the dash, nor the two
# blanks at the end of a line, nor the last line's end.
text=$(wc -c <file)
jq -e --argjson text "$text" --argjson size "$(wc -c <file.clear.asc)" '.signatures[0].coverage |
	.signed == $text - 3 and .signed + .structural + .signature == $size and .unexplained == 0' \
	out.json >/dev/null || fail "coverage: $(jq -c '.signatures[0].coverage' out.json)"
want 4 untrusted file.clear.asc --pgp-keyring good.asc --signer "pgp:$(cat rsa.fpr)"
want 4 untrusted file.clear.asc
want 4 'valid untrusted' file.two.asc --pgp-keyring good.gpg
want 0 'valid valid' file.two.asc --pgp-keyring good.gpg --pgp-keyring rsa.gpg
want 0 valid file --detached file.expired.sig --pgp-keyring expired.gpg
want 4 expired file --detached file.expired.sig --pgp-keyring expired.gpg --at now
want 4 revoked file --detached file.revoked.sig --pgp-keyring revoked.gpg
want 4 weak file --detached file.small.sig --pgp-keyring small.gpg
want 4 weak file --detached file.sha1.sig --pgp-keyring rsa.gpg
want 4 invalid file --detached file.inline.sig --pgp-keyring good.gpg
: >empty
want 4 invalid file --detached empty --pgp-keyring good.gpg

# Nothing of librnp's own talk, and no raw control character of a hostile user id.
GNUPGHOME=$PWD/home
export GNUPGHOME
name=$(printf 'evil\033[2J\342\200\256gpj')
gpg --quiet --batch --no-tty --pinentry-mode loopback --passphrase '' \
	--quick-generate-key "$name <evil@example.org>" ed25519 sign never 2>/dev/null
gpg --quiet --batch --yes -u evil@example.org -o file.evil.sig --detach-sign file 2>/dev/null
gpg --quiet --batch --yes -o evil.gpg --export evil@example.org
gpgconf --kill all >/dev/null 2>&1 || true
"$VERIFY" signatures file --detached file.evil.sig --pgp-keyring evil.gpg >out.txt 2>err.txt ||
	fail "evil user id: $(cat err.txt)"
if LC_ALL=C grep -q "$(printf '\033')" out.txt; then
	fail "a terminal escape was printed"
fi
if "$VERIFY" signatures other --detached file.good.sig --pgp-keyring good.gpg \
	>out.txt 2>err.txt; then
	fail "another file was taken"
fi
if grep -q 'signature_validate\|\.cpp' err.txt out.txt; then
	fail "librnp was heard"
fi

corpus=${VERIFY_CORPUS:-$SOURCE/../shared/corpus}/openpgp-debian
if [ -d "$corpus" ]; then
	cp "$corpus/bookworm_InRelease" "$corpus/debian-archive-keyring.gpg" .
	ring=debian-archive-keyring.gpg
	want 0 'valid valid valid' bookworm_InRelease --pgp-keyring "$ring" --at now
	gpgv -q --keyring "./$ring" bookworm_InRelease 2>/dev/null || fail "gpgv differs"
	sed 's/^Codename: bookworm/Codename: bookwurm/' bookworm_InRelease >changed
	want 4 'invalid invalid invalid' changed --pgp-keyring "$ring"
fi
