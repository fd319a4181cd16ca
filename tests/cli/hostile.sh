# Files that attack whoever reads them (tests/hostile/make.py): each is told, what could
# not be read is undecided, the rest is compared; no crash, no hang, little memory.
set -eu
fail() { echo "hostile.sh: $*" >&2; exit 1; }
for program in python3 jq tar; do
	command -v "$program" >/dev/null || { echo "no $program"; exit 77; }
done
# Under a sanitizer everything is larger and slower.
slack=1
case $BUILD in *asan*) slack=8 ;; esac
measured() { # SECONDS MEGABYTES COMMAND...
	allowed="$(($1 * slack)) $(($2 * slack))"
	shift 2
	# shellcheck disable=SC2086
	python3 "$SOURCE/tests/hostile/measure.py" $allowed "$@"
}
make() { python3 "$SOURCE/tests/hostile/make.py" "$1" good_compound >"$1"; }

# told STATUS SECONDS MEGABYTES NAME WORDS: what verify list says of a file
told() {
	make "$4"
	got=0
	measured "$2" "$3" "$VERIFY" list "$4" >out 2>err || got=$?
	[ "$got" -eq "$1" ] || { head -n 20 out; cat err; fail "list $4 ended with $got, not $1"; }
	grep -F -e "$5" out >/dev/null || { head -n 20 out; fail "list $4 does not say '$5'"; }
	if LC_ALL=C grep "$(printf '[\001-\010\013-\037\177]')" out err >/dev/null; then
		fail "list $4 let a control character through"
	fi
	if [ "$1" -ne 0 ]; then grep -q undecided out || fail "$4 is not undecided"; fi
}

# --- tar: what numbers, names and headers may claim
told 3 10 64 sparse_gnu 'undecided: a sparse file: its holes were not filled in'
told 3 10 64 sparse_pax 'undecided: a sparse file: its holes were not filled in'
told 3 10 64 huge_pax 'has 8589934591 bytes: more than 16777216 are not read'
told 3 10 64 long_pax 'more than 16777216 are not read'
told 3 10 64 number_minus 'at offset 124, is negative'
told 3 10 64 number_least 'at offset 124, is not a number'
told 3 10 64 number_most 'at offset 124, is not a number'
told 3 10 64 number_64 'undecided: the tar member at offset 0 goes past the end of the file'
told 3 10 64 number_owner 'at offset 108, is negative'
told 0 10 64 deep_folders '/d/d/d/file'
told 3 10 64 loop_tar 'undecided: a hard link to what is not a file in the same archive'
told 0 10 64 names_tar 'escape\x1b[31mred\x1b]0;title\x07'

# --- members without end: one of them changed is found, and memory grows no faster
told 0 60 320 many_tar 'd099/099999'
make many_changed_tar
got=0
measured 60 700 "$VERIFY" compare -q --text out many_tar many_changed_tar 2>err || got=$?
[ "$got" -eq 1 ] || { cat err; fail "a hundred thousand members ended with $got"; }
grep -q 'tar header mtime of d070/070000' out || { head -n 40 out; fail "not located"; }

# --- names in other containers
for kind in zip ar cpio; do
	told 0 10 64 names_$kind 'new\nline'
	told 0 10 64 names_$kind 'right\xe2\x80\xaetxt'
done
told 0 10 64 names_gzip '[gzip]'

# --- archives in archives, and bombs
for kind in zip gzip tar; do
	told 3 20 64 nested_$kind 'the budget of 32 containers in containers is used up'
done
told 3 20 64 quine_gzip 'the budget of 32 containers in containers is used up'
gzip -dc <quine_gzip | cmp - quine_gzip || fail "quine_gzip does not hold itself"
told 3 120 600 forty_two_zip 'input grew to more than 2000 times their size'
told 3 60 64 overlapping_zip 'grew to more than 2000 times their size'
told 3 20 64 same_bytes_zip 'members overlap so much that they hold four times the bytes'

# --- compressed streams
told 0 20 64 empty_members '[gzip]'
told 0 20 64 dictionary_xz '[xz]'
told 3 20 64 window_zstd 'needs more memory than is given to it'

# --- chains and trees that go in a circle
if command -v wixl >/dev/null; then
	# shellcheck source=/dev/null
	(mkdir wix && cd wix && . "$SOURCE/testdata/formats/recipes.sh" && recipe_msi plain &&
		mv made ../good_compound)
	told 3 20 64 compound_chain 'its chain shares a sector with another, or goes in a circle'
	told 3 20 64 compound_pieces 'its chain shares a piece with another, or goes in a circle'
	told 0 20 64 compound_sibling 'suspect: the directory is no tree'
else
	echo 'hostile: circles in compound files: no wixl' >>"${VERIFY_SKIPS:-/dev/null}"
fi

# --- each beside a good file: the one undecided, the other compared
for name in sparse_pax huge_pax number_64 nested_zip overlapping_zip same_bytes_zip window_zstd
do
	mkdir -p s r
	cp $name s/bad
	cp $name r/bad
	# one byte of it differs, or there would be no need to look
	printf x | dd of=r/bad bs=1 seek="$(($(wc -c <$name) - 1))" conv=notrunc status=none
	echo shipped >s/good
	echo rebuilt >r/good
	got=0
	measured 60 128 "$VERIFY" compare -q --json out.json --text out s r 2>err || got=$?
	[ "$got" -eq 1 ] || { cat out err; fail "compare with $name ended with $got"; }
	jq -e '[.files[] | select(.path | endswith("/good")) | .status] == ["different"]' \
		out.json >/dev/null || { cat out; fail "$name: good was not compared"; }
	jq -e '[.files[] | select(.path | endswith("/bad")) | .status] |
		all(. == "different" or . == "undecided")' out.json >/dev/null ||
		{ cat out; fail "$name is called equal"; }
	rm -r s r
done

# --- unpacked: nothing outside the folder
for name in loop_tar names_tar names_zip deep_folders; do
	mkdir jail
	got=0
	measured 20 64 "$VERIFY" unpack "$name" jail/out >out 2>err || got=$?
	case $got in
	0 | 3) ;;
	*) cat err; fail "unpack $name ended with $got" ;;
	esac
	if LC_ALL=C grep "$(printf '[\001-\010\013-\037\177]')" err out >/dev/null; then
		fail "unpack $name let a control character through"
	fi
	[ -z "$(find jail -type l)" ] || fail "unpack $name made a link"
	[ "$(ls jail)" = out ] || fail "unpack $name wrote outside"
	rm -rf jail
done
