# verify signatures on the samples of other projects, where they are there: what their own
# tests and tools say of each, or an explanation of why we do not.
set -eu
corpus=${VERIFY_CORPUS:-$SOURCE/../shared/corpus}
[ -r "$corpus/MANIFEST.tsv" ] || {
	echo "no samples of other projects (VERIFY_CORPUS)"
	exit 77
}
command -v python3 >/dev/null || { echo "no python3"; exit 77; }
"$SOURCE/scripts/corpus-table" "$corpus" >out 2>&1 || {
	cat out
	exit 1
}
[ "$(grep -c '  agrees$' out)" -gt 100 ] || {
	cat out
	exit 1
}
