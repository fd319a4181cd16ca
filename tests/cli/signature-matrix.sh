# A signed file of every scheme, made by the schemes' own tools and made wrong in six ways:
# each is called what it is. scripts/signature-matrix prints the table.
set -eu
command -v jq >/dev/null || { echo "no jq"; exit 77; }
command -v openssl >/dev/null || { echo "no openssl"; exit 77; }
command -v gpg >/dev/null || { echo "no gpg"; exit 77; }
"$SOURCE/scripts/signature-matrix" >out 2>&1 || {
	cat out
	exit 1
}
# Most of the table must have been made, or nothing was tested.
rows=$(grep -vc '^#\|^$' "$SOURCE/testdata/signature/table")
made=$(grep -c ' [034]  *[a-z-]* [034]' out) || made=0
sed -n 's/^skipped: /signature-matrix: /p' out >>"${VERIFY_SKIPS:-/dev/null}"
skipped=$(grep -c '^skipped: ' out) || skipped=0
[ "$made" -gt 0 ] && [ "$((made + skipped))" -eq "$rows" ] || {
	cat out
	echo "$made made and $skipped skipped are not $rows"
	exit 1
}
