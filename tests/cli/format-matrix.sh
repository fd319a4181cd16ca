# A pair of files of every format, made by the formats' own tools and changed in four
# ways: none is taken for the other. scripts/format-matrix prints the table.
set -eu
command -v jq >/dev/null || { echo "no jq"; exit 77; }
"$SOURCE/scripts/format-matrix" >out 2>&1 || {
	cat out
	exit 1
}
# Most of the table must have been made, or nothing was tested.
made=$(grep -c '1, [013] alone$' out) || made=0
rows=$(grep -vc '^#\|^$' "$SOURCE/testdata/formats/table")
[ "$made" -gt 0 ] || { cat out; exit 1; }
sed -n 's/^skipped: /format-matrix: /p' out >>"${VERIFY_SKIPS:-/dev/null}"
skipped=$(grep -c '^skipped: ' out) || skipped=0
[ "$((made + skipped))" -eq "$rows" ] || {
	cat out
	echo "$made made and $skipped skipped are not $rows"
	exit 1
}
