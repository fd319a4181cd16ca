#!/bin/sh
# What every command owes the command line: help that the manual page knows, errors
# with exit status 2, and no success when the output could not be written.
set -eu

fail() {
	echo "usage: $*"
	exit 1
}

# expect STATUS WORD COMMAND...: exit status, and a message on standard error with WORD
expect() {
	want=$1 word=$2
	shift 2
	status=0
	"$@" >out 2>err </dev/null || status=$?
	[ $status -eq "$want" ] || fail "'$*' ended with $status, not $want: $(cat err)"
	if [ -n "$word" ]; then
		grep -q -e "$word" err || fail "'$*' does not say '$word': $(cat err)"
		grep -q '^verify: ' err || fail "'$*': no 'verify: ' before its message"
	fi
}

commands=$("$VERIFY" --help | sed -n 's/^  \([a-z]\{3,\}\) .*/\1/p' | grep -v "^verify\$")
[ "$(echo $commands)" = "run compare signatures rebuild unpack list toolchain report" ] ||
	fail "unexpected commands: $commands"

# Global options.
expect 2 'no release description' "$VERIFY"
expect 0 '' "$VERIFY" --version
grep -q '^verify [0-9]' out || fail "no version"
expect 0 '' "$VERIFY" --help

# Commands of this build; one that is missing says so in its one line of help.
built=
for command in $commands; do
	if "$VERIFY" "$command" --help >help.$command 2>err; then
		built="$built $command"
	else
		grep -q 'is not in this build' err || fail "$command --help: $(cat err)"
	fi
done

# Each option of a command's --help stands in its part of the manual page, and each
# option of the page in a --help.
page=$SOURCE/man/verify.1
section() { # of the page, as source
	awk -v name="$1" '$0 == ".Ss " name { on = 1; next } /^\.S[sh] / { on = 0 } on' "$page"
}
options_of_page() {
	sed -n 's/^\.It Fl //p' |
		sed 's/ , / /g; s/ \(Ar\|Cm\).*//; s/^-/--/; s/ -/ --/g' |
		tr ' ' '\n' | sed 's/^\([a-z]\)$/-\1/' | grep . | sort -u
}
options_of_help() {
	sed -n 's/^  \(-[^ ].*\)/\1/p' | tr ', ' '\n\n' |
		grep -E '^-(-[a-z-]+|[a-z])$' | sort -u
}
section 'Reports' | options_of_page >reports
section 'All commands' | options_of_page >all
grep -q -e '^--json$' reports || fail "no options in the page's part on reports"
for command in $built; do
	section "verify $command" | options_of_page >own.page
	options_of_help <help.$command >own.help
	grep -q -e '^--help$' own.help || fail "$command --help does not list --help"
	for option in $(cat own.help); do
		cat own.page reports all | grep -q -x -e "$option" ||
			fail "verify(1) does not have $option of $command"
	done
	for option in $(cat own.page); do
		grep -q -x -e "$option" own.help ||
			fail "$command --help does not have $option of verify(1)"
	done
	grep -q "^\.Ss verify $command\$" "$page" || fail "verify(1) lacks $command"
done

# Wrong options and arguments.
for command in $built; do
	expect 2 'no-such-option' "$VERIFY" "$command" --no-such-option
	expect 2 "'-Z'" "$VERIFY" "$command" -Z
	expect 2 'try' "$VERIFY" "$command"
	expect 2 "'--help'" "$VERIFY" "$command" --help=me
done
for command in report compare; do
	expect 2 'json' "$VERIFY" $command --json
	expect 2 'twice' "$VERIFY" $command --json a --json b x y
	expect 2 'standard output' "$VERIFY" $command --json - --text - x y
done
expect 2 'too many' "$VERIFY" report one two

# Missing files: nothing is decided, and the file is named without control characters.
expect 3 'absent.json' "$VERIFY" report absent.json
expect 3 'x1b' "$VERIFY" report "$(printf 'a\033b')"
expect 3 'folder' "$VERIFY" report .

# Output that cannot be written is no success.
good=$SOURCE/tests/unit/findings/good.json
expect 0 '' "$VERIFY" report "$good"
[ -s out ] || fail "no report"
for kind in text json html markdown; do
	expect 3 'No space left' "$VERIFY" report --$kind /dev/full "$good"
	[ -c /dev/full ] || fail "/dev/full was replaced"
	expect 3 'no-such-folder' "$VERIFY" report --$kind no-such-folder/x "$good"
done
status=0
"$VERIFY" report "$good" >/dev/full 2>err || status=$?
[ $status -eq 3 ] || fail "a full disk gave $status"
for arguments in "report $good" "report --help" "--help" "--version"; do
	status=0
	"$VERIFY" $arguments >&- 2>err || status=$?
	[ $status -eq 3 ] || fail "'$arguments' into a closed output gave $status"
	grep -q 'cannot write' err || fail "'$arguments' closed: no message"
	status=0
	"$VERIFY" $arguments >/dev/full 2>err || status=$?
	[ $status -eq 3 ] || fail "'$arguments' into a full disk gave $status"
	grep -q 'cannot write' err || fail "'$arguments' on a full disk: no message"
done
"$VERIFY" report "$good" <&- >out 2>&- || fail "closed input and error output"
[ -s out ] || fail "no report with input and error output closed"
# a reader that leaves early: an error, not a death by signal
mkfifo pipe
sh -c 'exec <pipe; exit 0' &
reader=$!
status=0
{ sleep 0.3; "$VERIFY" report "$good" 2>err || echo $? >status; } >pipe || true
wait $reader
[ "$(cat status 2>/dev/null)" = 3 ] || fail "a closed pipe gave $(cat status): $(cat err)"

# Through a pipe no colour; on a terminal colour, unless NO_COLOR asks for none.
"$VERIFY" report "$good" | grep -q "$(printf '\033')" && fail "colour in a pipe"
if command -v script >/dev/null 2>&1; then
	export TERM=xterm
	unset NO_COLOR
	script -q -c "$VERIFY report $good" /dev/null </dev/null >tty 2>&1
	grep -q "$(printf '\033\\[32m')" tty || fail "no colour on a terminal"
	NO_COLOR=1 script -q -c "$VERIFY report $good" /dev/null </dev/null >tty 2>&1
	grep -q "$(printf '\033\\[')" tty && fail "colour in spite of NO_COLOR"
fi

# -q leaves errors, and nothing else, on standard error.
"$VERIFY" report -q "$good" >out 2>err
[ ! -s err ] || fail "-q says: $(cat err)"
expect 3 'absent' "$VERIFY" report -q absent.json
