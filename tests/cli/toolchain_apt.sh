# verify toolchain pin --debian and fetch: resolving by apt, on a small archive made
# here (through APT_CONFIG, as users of unusual archives do), up to the packages in
# the cache. Assembling real ones is for scripts/demo.
set -eu

for program in apt-get dpkg-scanpackages dpkg-deb; do
	command -v $program >/dev/null || {
		echo "$program is not installed"
		exit 77
	}
done
export XDG_CACHE_HOME="$PWD/cache"
arch=$(dpkg --print-architecture)
fail() {
	echo "$*"
	exit 1
}
expect() {
	want=$1 pattern=$2
	shift 2
	status=0
	"$@" >out 2>err || status=$?
	[ "$status" = "$want" ] || fail "$* ended with $status, not $want: $(cat err)"
	grep -q -e "$pattern" err || fail "$*: no '$pattern' in: $(cat err)"
}

# package NAME VERSION [field...]: into pool/
package() {
	name=$1 version=$2
	shift 2
	rm -rf p
	mkdir -p p/DEBIAN p/usr/share/$name
	{
		printf 'Package: %s\nVersion: %s\nMaintainer: a <a@example.org>\n' "$name" "$version"
		printf 'Architecture: %s\nDescription: x\n' "$arch"
		for field in "$@"; do echo "$field"; done
	} >p/DEBIAN/control
	echo "$name $version" >p/usr/share/$name/text
	dpkg-deb --root-owner-group -b p "pool/${name}_$(echo "$version" | tr : _).deb" >/dev/null
}
# The archive as apt wants it: dists/SUITE/{Release,main/binary-ARCH,main/source}
archive() {
	mkdir -p "dists/s/main/binary-$arch" dists/s/main/source
	dpkg-scanpackages --multiversion pool >"dists/s/main/binary-$arch/Packages" 2>/dev/null
	cp Sources dists/s/main/source/Sources
	{
		printf 'Suite: s\nCodename: s\nComponents: main\nArchitectures: %s\nSHA256:\n' "$arch"
		for file in "main/binary-$arch/Packages" main/source/Sources; do
			printf ' %s %s %s\n' "$(sha256sum "dists/s/$file" | cut -c1-64)" \
				"$(wc -c <"dists/s/$file")" "$file"
		done
	} >dists/s/Release
}
add_source() {
	printf 'Package: %s\nBinary: b\nVersion: %s\nMaintainer: a <a@example.org>\n' "$1" "$2"
	printf 'Architecture: any\nFormat: 1.0\nDirectory: pool\nBuild-Depends: %s\n' "$3"
	printf 'Files:\n d41d8cd98f00b204e9800998ecf8427e 0 x.dsc\nChecksums-Sha256:\n'
	printf ' e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 x.dsc\n\n'
}

mkdir pool
package base 1.0 'Essential: yes' 'Priority: required' 'Depends: shell'
package shell 2:5-1
package build-essential 12
package fakeroot 1
package tool 1.0-1
package tool 2.0~rc1-1
package lib 3 'Depends: libextra'
package libextra 3 'Recommends: unwanted'
package unwanted 1
package other 1
{
	add_source prog 1.9 'tool'
	add_source prog 1.10 "tool (>= 2~), lib [$arch] | other, none [!$arch], nocheck <!nocheck> | other"
	add_source broken 1 'nothing-of-that-name'
} >Sources
archive
mkdir etc
echo "deb [trusted=yes] file:$PWD s main" >etc/sources.list
cat >apt.conf <<-END
	Dir::Etc::sourcelist "$PWD/etc/sources.list";
	Dir::Etc::sourceparts "$PWD/etc/none";
END
export APT_CONFIG="$PWD/apt.conf"

names() { sed -n '/^Packages:/,/^[^ P]/s/^ [0-9a-f]* [0-9]* //p' "$1" | tr '\n' ','; }

# The newest version (1.10, not 1.9), alternatives, restrictions, what is essential; no
# recommended packages.
expect 0 'pinned 8 packages' "$VERIFY" toolchain pin --debian s --build-dep prog -o new.toolchain
[ "$(names new.toolchain)" = "base 1.0 $arch,build-essential 12 $arch,fakeroot 1 $arch,lib 3 \
$arch,libextra 3 $arch,other 1 $arch,shell 2:5-1 $arch,tool 2.0~rc1-1 $arch," ] ||
	fail "pinned $(names new.toolchain)"
file=pool/shell_2_5-1.deb
grep -q "^ $(sha256sum $file | cut -c1-64) $(wc -c <$file) shell 2:5-1 $arch$" new.toolchain ||
	fail "hash and size: $(cat new.toolchain)"
grep -q '^Build-Path: /build/prog$' new.toolchain
"$VERIFY" toolchain show new.toolchain | grep -q 'Packages:      8 of suite s'

# An exact version; what there is not.
expect 0 'pinned 5 packages' "$VERIFY" toolchain pin --debian s --build-dep prog=1.9 \
	--package tool=1.0-1 -o old.toolchain
names old.toolchain | grep -q "tool 1.0-1 $arch" || fail "1.9 pinned $(names old.toolchain)"
expect 3 'cannot be satisfied' "$VERIFY" toolchain pin --debian s --build-dep prog=1.10 \
	--package tool=1.0-1 -o x.toolchain
expect 3 "no source package 'prog=7' (it has 1" "$VERIFY" toolchain pin --debian s \
	--build-dep prog=7 -o x.toolchain
expect 3 'nothing of that name' "$VERIFY" toolchain pin --debian s --build-dep absent -o x.toolchain
expect 3 'nothing-of-that-name' "$VERIFY" toolchain pin --debian s --build-dep broken -o x.toolchain
expect 3 "no source for suite 't'" "$VERIFY" toolchain pin --debian t --build-dep prog -o x.toolchain
[ ! -e x.toolchain ] || fail "a description of nothing"
expect 0 'pinned 3 packages' "$VERIFY" toolchain pin --debian s --package tool=1.0-1 -o tool.toolchain
names tool.toolchain | grep -q "base 1.0 $arch,shell 2:5-1 $arch,tool 1.0-1 $arch," ||
	fail "--package pinned $(names tool.toolchain)"

# A version that went from the archive: named, with the ways out; nothing kept.
mkdir gone
mv pool/tool_1.0-1.deb gone/
archive
expect 3 'no longer in the archive: tool 1.0-1;.*--pool.*snapshot.*pin' \
	"$VERIFY" toolchain fetch tool.toolchain
# The same version with other bytes.
package tool 1.0-1 'Section: changed'
archive
expect 3 'other bytes under the same version: tool 1.0-1' "$VERIFY" toolchain fetch tool.toolchain

# From a folder: by content, whatever the names; no download. What is missing is named.
mkdir -p mirror/sub
cp gone/tool_1.0-1.deb mirror/sub/renamed
cp pool/tool_1.0-1.deb mirror/tool_1.0-1.deb
expect 3 'not in the pool, by SHA-256: base 1.0, shell 2:5-1;' \
	"$VERIFY" toolchain fetch --pool mirror tool.toolchain
stored=$XDG_CACHE_HOME/verify/packages
cmp "$stored/$(sha256sum gone/tool_1.0-1.deb | cut -c1-64)" gone/tool_1.0-1.deb
[ "$(ls "$stored" | wc -l)" = 1 ] || fail "kept what is not pinned: $(ls "$stored")"

# What apt brings goes into the cache under its hash; a damaged one is brought again. (These
# packages make no system: assembling fails, and leaves nothing but the packages.)
echo damage >"$stored/$(sha256sum pool/base_1.0.deb | cut -c1-64)"
status=0
"$VERIFY" toolchain fetch tool.toolchain >out 2>err || status=$?
[ $status = 3 ] || fail "assembled what is no system"
grep -q 'mmdebstrap' err || fail "assembling: $(cat err)"
for file in gone/tool_1.0-1.deb pool/base_1.0.deb pool/shell_2_5-1.deb; do
	cmp "$stored/$(sha256sum $file | cut -c1-64)" $file || fail "$file is not in the cache"
done
[ "$(ls "$stored" | wc -l)" = 3 ] || fail "more than was pinned: $(ls "$stored")"
[ -z "$(find "$XDG_CACHE_HOME/verify/roots" -name '.tmp-*')" ] || fail "something is left"
grep -q Root-SHA256 tool.toolchain && fail "a root was recorded" || true
