# verify toolchain: roots of archives, folders and host files, and the cache: two runs
# at once, one that is killed, damage, and what is said of each.
set -eu

export XDG_CACHE_HOME="$PWD/cache"
roots=$XDG_CACHE_HOME/verify/roots
fail() {
	echo "$*"
	exit 1
}
# expect STATUS PATTERN command...: exit status, and what standard error says
expect() {
	want=$1 pattern=$2
	shift 2
	status=0
	"$@" >out 2>err || status=$?
	[ "$status" = "$want" ] || fail "$* ended with $status, not $want: $(cat err)"
	grep -q -e "$pattern" err || fail "$*: no '$pattern' in: $(cat err)"
}

# --- usage
expect 2 'argument is missing' "$VERIFY" toolchain
expect 2 'none of pin' "$VERIFY" toolchain frob x
expect 2 'with -o' "$VERIFY" toolchain pin --tar x
expect 2 'exactly one' "$VERIFY" toolchain pin -o x
expect 2 'exactly one' "$VERIFY" toolchain pin -o x --tar a --directory b
expect 2 'go with --debian' "$VERIFY" toolchain pin -o x --tar a --package b
expect 2 'say what to build' "$VERIFY" toolchain pin -o x --debian bookworm
expect 2 'name the toolchain' "$VERIFY" toolchain fetch
expect 2 'takes --pool' "$VERIFY" toolchain check --pool . x
expect 2 "cannot open 'absent.toolchain'" "$VERIFY" toolchain show absent.toolchain

# --- a root in an archive
mkdir -p tree/bin tree/etc
echo one >tree/etc/one
ln -s ../etc/one tree/bin/link
chmod 755 tree tree/bin tree/etc
chmod 644 tree/etc/one
tar -C tree -cJf root.tar.xz .
"$VERIFY" toolchain pin -q --tar root.tar.xz -o tar.toolchain
grep -q '^Root-File: root.tar.xz$' tar.toolchain || fail "path is not relative"
grep -q "^Root-File-SHA256: $(sha256sum root.tar.xz | cut -c1-64)$" tar.toolchain
expect 3 'run .verify toolchain fetch' "$VERIFY" toolchain check tar.toolchain
expect 0 'Root-SHA256 added' "$VERIFY" toolchain fetch tar.toolchain
manifest="d 0755 - .
d 0755 - bin
l 0777 ../etc/one bin/link
d 0755 - etc
f 0644 $(sha256sum tree/etc/one | cut -c1-64) etc/one"
sum=$(printf '%s\n' "$manifest" | sha256sum | cut -c1-64)
[ "$(cat out)" = "Root-SHA256: $sum" ] || fail "not the manifest's hash: $(cat out)"
grep -q "^Root-SHA256: $sum$" tar.toolchain || fail "not recorded"
cp tar.toolchain before
"$VERIFY" toolchain fetch -q tar.toolchain >out
cmp -s tar.toolchain before || fail "a pinned description was changed"
expect 0 'is what' "$VERIFY" toolchain check tar.toolchain
"$VERIFY" toolchain show tar.toolchain >out
grep -q "^Root SHA-256:  $sum$" out || fail "show: $(cat out)"
[ -z "$(find "$XDG_CACHE_HOME" -maxdepth 1 -perm /077 -name verify)" ] ||
	fail "others can look into the cache"

# --- damage in the cache is found, named, and mended
root=$(find "$roots" -mindepth 1 -maxdepth 1 -type d)
echo two >"$root/etc/one"
expect 3 'etc/one: has other content' "$VERIFY" toolchain check tar.toolchain
grep -q "$sum" err || fail "does not say what was expected: $(cat err)"
expect 0 'assembling it again' "$VERIFY" toolchain fetch tar.toolchain
expect 0 'is what' "$VERIFY" toolchain check tar.toolchain
touch "$root/added"
expect 3 'added: is new' "$VERIFY" toolchain check tar.toolchain
rm "$root/added" "$root/bin/link"
expect 3 'bin/link: is missing' "$VERIFY" toolchain check tar.toolchain
"$VERIFY" toolchain fetch -q tar.toolchain >out

# --- another archive than the pinned one; another root than the pinned one
tar -C tree -cf other.tar .
sed 's/^Root-File: .*/Root-File: other.tar/; s/^\(Root-File-SHA256: \)..../\1dead/' \
	tar.toolchain >wrong.toolchain
expect 3 'bring the pinned file' "$VERIFY" toolchain fetch wrong.toolchain
sed 's/^\(Root-SHA256: \)..../\1dead/' tar.toolchain >wrong.toolchain
expect 3 "manifest hash $sum, but Root-SHA256" "$VERIFY" toolchain fetch wrong.toolchain
sed '/^Root-SHA256/d' tar.toolchain >unpinned.toolchain
expect 3 'does not pin its root' "$VERIFY" toolchain check unpinned.toolchain
head -c 100 root.tar.xz >cut.tar.xz
"$VERIFY" toolchain pin -q --tar cut.tar.xz -o cut.toolchain
expect 3 'cut.tar.xz' "$VERIFY" toolchain fetch cut.toolchain
[ -z "$(find "$roots" -name '.tmp-*')" ] || fail "a failed assembly left something"

# --- two at once, and one that is killed
mkdir many
seq 4000 | (cd many && split -l 1 -a 4)
tar -C many -cf many.tar .
"$VERIFY" toolchain pin -q --tar many.tar -o many.toolchain
cp many.toolchain again.toolchain
"$VERIFY" toolchain fetch -q many.toolchain >first &
pid=$!
while ! ls "$roots"/.tmp-* >/dev/null 2>&1 && kill -0 $pid 2>/dev/null; do :; done
kill -9 $pid 2>/dev/null || true
wait $pid 2>/dev/null || true
cp again.toolchain many.toolchain
"$VERIFY" toolchain fetch -q many.toolchain >first &
one=$!
"$VERIFY" toolchain fetch -q again.toolchain >second &
two=$!
wait $one || fail "the first of two failed"
wait $two || fail "the second of two failed"
cmp first second || fail "two runs at once disagree"
[ -z "$(find "$roots" -name '.tmp-*')" ] || fail "a killed run's folder stays"
expect 0 'is what' "$VERIFY" toolchain check many.toolchain

# --- a root that is a folder
"$VERIFY" toolchain pin -q --directory tree -o folder.toolchain
grep -q "^Root-SHA256: $sum$" folder.toolchain || fail "folder: $(cat folder.toolchain)"
grep -q '^Root-Path: tree$' folder.toolchain
expect 0 'is what' "$VERIFY" toolchain check folder.toolchain
chmod 600 tree/etc/one
expect 3 'manifest hash' "$VERIFY" toolchain check folder.toolchain

# --- files of the host
expect 3 'no program' "$VERIFY" toolchain pin --host no-such-program -o host.toolchain
expect 0 'weak root' "$VERIFY" toolchain pin --host cat -o host.toolchain
shell=$(readlink -f /bin/sh)
grep -q "^ $(sha256sum "$shell" | cut -c1-64) 0755 $shell$" host.toolchain ||
	fail "no shell in: $(cat host.toolchain)"
grep -q ' 0[0-7]* /.*/libc\.so\.6$' host.toolchain || fail "no C library"
"$VERIFY" toolchain fetch -q host.toolchain >out
expect 0 'is what' "$VERIFY" toolchain check host.toolchain
"$VERIFY" toolchain show host.toolchain | grep -q weak
grep -v "$(sha256sum "$shell" | cut -c1-64)" host.toolchain |
	sed "s|^Files:|Files:\\n $(printf %064d 0) 0755 $shell|; /^Root-SHA256/d" >changed.toolchain
expect 3 'has changed since it was pinned' "$VERIFY" toolchain fetch changed.toolchain

# A description cannot write outside of its root by a link of its own.
mkdir victim
cat >evil.toolchain <<-END
	Format: verify-toolchain 1
	Name: evil
	Architecture: amd64
	Root: host
	Files:
	 - 0777 /dir -> $PWD/victim
	 $(sha256sum root.tar.xz | cut -c1-64) 0644 /dir/..$PWD/root.tar.xz
END
expect 2 '' "$VERIFY" toolchain fetch evil.toolchain
sed -i "s|/dir/..$PWD/root.tar.xz|$PWD/root.tar.xz|; s|/dir ->|$PWD ->|" evil.toolchain
status=0
"$VERIFY" toolchain fetch evil.toolchain >out 2>err || status=$?
[ $status -ne 0 ] || fail "a link in place of a folder was taken"
[ -z "$(ls victim)" ] || fail "written outside of the root"

# --- an empty XDG_CACHE_HOME is as if unset; a relative one is ignored
mkdir home
HOME=$PWD/home XDG_CACHE_HOME='' "$VERIFY" toolchain fetch -q tar.toolchain >out
[ -d home/.cache/verify/roots ] || fail "empty XDG_CACHE_HOME"
rm -r home/.cache
HOME=$PWD/home XDG_CACHE_HOME=relative "$VERIFY" toolchain fetch -q tar.toolchain >out
[ -d home/.cache/verify/roots ] && [ ! -e relative ] || fail "relative XDG_CACHE_HOME"
expect 3 'no place for the cache' env -u HOME -u XDG_CACHE_HOME \
	"$VERIFY" toolchain check tar.toolchain
