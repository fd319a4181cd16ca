# How one small file of each format is made, by the format's own tools, as it is and
# changed. Read in by scripts/format-matrix and scripts/fuzz-seeds; the rows are in `table`.
#
# recipe_NAME KIND, in an empty folder, makes `made` (a file, or a folder where the
# format is one). KIND is plain, content, metadata or order.
# shellcheck shell=sh

# ---- what goes in ----------------------------------------------------------

# tree KIND: the folder `in`, with times that do not depend on the day.
tree() {
	mkdir -p in/sub
	echo 'first' >in/a.txt
	seq 300 >in/c.bin
	echo 'inner' >in/sub/b.txt
	[ "$1" != content ] || sed -i 's/^150$/15O/' in/c.bin
	chmod 644 in/a.txt in/c.bin in/sub/b.txt
	chmod 755 in in/sub
	find in -exec touch -h -d '2020-01-02 03:04:06 UTC' {} +
	[ "$1" != metadata ] || {
		chmod 600 in/a.txt
		touch -d '2021-02-03 04:05:08 UTC' in/a.txt
	}
}

# names KIND: the files of the tree, one on each line.
names() {
	if [ "$1" = order ]; then
		printf '%s\n' c.bin sub/b.txt a.txt
	else
		printf '%s\n' a.txt c.bin sub/b.txt
	fi
}

# pick KIND PLAIN CONTENT METADATA ORDER: the word for a kind.
pick() {
	case $1 in
	plain) echo "$2" ;;
	content) echo "$3" ;;
	metadata) echo "$4" ;;
	order) echo "$5" ;;
	esac
}

# functions KIND: C and Java have these in common, in this order or the other.
functions() {
	one='%s int one(int x) { return x * 3 + 1; }\n'
	two="%s int two(int x) { return x * 5 - $(pick "$1" 2 9 2 2); }\n"
	if [ "$1" = order ]; then
		swap=$one one=$two two=$swap
	fi
	# shellcheck disable=SC2059
	printf "$one$two" "$2" "$2"
}

# ---- archives --------------------------------------------------------------

pack_tar() { # KIND FORMAT
	tree "$1"
	(cd in && names "$1" | tar --format="$2" --owner=0 --group=0 --numeric-owner \
		-T - -cf ../made)
}
recipe_tar_ustar() { pack_tar "$1" ustar; }
recipe_tar_gnu() { pack_tar "$1" gnu; }
recipe_tar_pax() {
	tree "$1"
	(cd in && names "$1" | tar --format=pax --owner=0 --group=0 --numeric-owner \
		--pax-option=delete=atime,delete=ctime,comment:=x -T - -cf ../made)
}
recipe_cpio() {
	tree "$1"
	(cd in && names "$1" | cpio -o --quiet -H newc --reproducible >../made)
}
recipe_ar() {
	tree "$1"
	# shellcheck disable=SC2046
	(cd in && ar rcU ../made $(names "$1") 2>/dev/null)
}
recipe_zip() {
	tree "$1"
	(cd in && names "$1" | zip -q -X ../made.zip -@)
	mv made.zip made
}
recipe_jar() {
	tree "$1"
	# shellcheck disable=SC2046
	(cd in && jar --create --file ../made --date 2020-01-02T03:04:06Z \
		$([ "$1" != metadata ] || echo --main-class=x.Y) $(names "$1"))
}
recipe_jmod() {
	tree "$1"
	mkdir classes
	echo 'module x { }' >module-info.java
	javac -d classes module-info.java
	cp -p in/c.bin classes/
	# shellcheck disable=SC2046
	jmod create --class-path classes --date 2020-01-02T03:04:06Z \
		$([ "$1" != metadata ] || echo --module-version 2) made.jmod >jmod.log 2>&1
	mv made.jmod made
}
recipe_android_apk() {
	tree "$1"
	mkdir assets
	cp -p in/a.txt in/c.bin assets/
	printf '<manifest package="x.y" code="%s"/>\n' \
		"$(pick "$1" 1 1 2 1)" >AndroidManifest.xml
	touch -d '2020-01-02 03:04:06 UTC' AndroidManifest.xml assets/*
	aapt package -f -M AndroidManifest.xml -F empty.apk >/dev/null
	cp empty.apk made
	for name in $(names "$1"); do
		[ ! -e "assets/$name" ] || aapt add made "assets/$name" >/dev/null
	done
}
# As bdist_wheel writes one: RECORD last.
recipe_wheel() {
	tree "$1"
	mkdir -p in/x-1.dist-info
	printf 'Metadata-Version: 2.1\nName: x\nVersion: 1\nSummary: %s\n' \
		"$(pick "$1" a a b a)" >in/x-1.dist-info/METADATA
	(cd in && for name in $(names "$1") x-1.dist-info/METADATA; do
		printf '%s,sha256=%s,%s\n' "$name" "$(openssl dgst -sha256 -binary "$name" |
			base64 | tr '+/' '-_' | tr -d '=')" "$(wc -c <"$name")"
	done >x-1.dist-info/RECORD
	touch -d '2020-01-02 03:04:06 UTC' x-1.dist-info/*
	{ names "$1"; printf '%s\n' x-1.dist-info/METADATA x-1.dist-info/RECORD; } |
		zip -q -X ../made.zip -@)
	mv made.zip made
}
recipe_nupkg() {
	tree "$1"
	printf '<package><metadata><id>x</id><version>%s</version></metadata></package>\n' \
		"$(pick "$1" 1.0 1.0 2.0 1.0)" >in/x.nuspec
	printf '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>\n' \
		>'in/[Content_Types].xml'
	touch -d '2020-01-02 03:04:06 UTC' in/*.nuspec in/*.xml
	(cd in && { names "$1"; echo x.nuspec; } | zip -q -X ../made.zip -@ &&
		zip -q -X -nw ../made.zip '[Content_Types].xml')
	mv made.zip made
}

# ---- compressors -----------------------------------------------------------

recipe_gzip() {
	tree "$1"
	gzip "-$(pick "$1" n n N n)" -c in/c.bin >made
}
recipe_bzip2() {
	tree "$1"
	bzip2 "-$(pick "$1" 9 9 1 9)" -c in/c.bin >made
}
recipe_xz() {
	tree "$1"
	xz --check="$(pick "$1" crc64 crc64 sha256 crc64)" -c in/c.bin >made
}
recipe_zstd() {
	tree "$1"
	zstd -q "$(pick "$1" --check --check --no-check --check)" -c in/c.bin >made
}
recipe_lz4() {
	tree "$1"
	lz4 -q "$(pick "$1" -BX -BX -BD -BX)" -c in/c.bin >made
}

# ---- packages --------------------------------------------------------------

pack_deb() { # KIND COMPRESSOR
	tree "$1"
	mkdir -p p/DEBIAN p/usr/share
	cp -rp in p/usr/share/x
	printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: x\n' \
		>p/DEBIAN/control
	chmod 755 p/DEBIAN
	SOURCE_DATE_EPOCH=1600000000 dpkg-deb "-Z$2" --root-owner-group -b p made.deb >/dev/null
	if [ "$1" = order ]; then
		# shellcheck disable=SC2046
		set -- $(ar t made.deb)
		ar x made.deb
		ar rcD made "$1" "$3" "$2"
	else
		mv made.deb made
	fi
}
recipe_deb_gz() { pack_deb "$1" gzip; }
recipe_deb_xz() { pack_deb "$1" xz; }
recipe_deb_zst() { pack_deb "$1" zstd; }
recipe_rpm() {
	tree "$1"
	cat >x.spec <<-END
		Name: x
		Version: 1
		Release: $(pick "$1" 1 1 2 1)
		Summary: x
		License: GPL
		BuildArch: noarch
		%description
		x
		%install
		mkdir -p %{buildroot}/usr/share
		cp -rp $PWD/in %{buildroot}/usr/share/x
		%files
		/usr/share/x
	END
	SOURCE_DATE_EPOCH=1600000000 rpmbuild -bb --quiet --define "_topdir $PWD/top" \
		--define '_buildhost x' --define 'use_source_date_epoch_as_buildtime 1' \
		--define 'clamp_mtime_to_source_date_epoch 1' x.spec >rpmbuild.log 2>&1
	mv top/RPMS/noarch/*.rpm made
}
# Two tar streams, each gzipped by itself, the first without its end marker.
recipe_alpine_apk() {
	tree "$1"
	printf 'pkgname = x\npkgver = %s\narch = noarch\n' "$(pick "$1" 1-r0 1-r0 2-r0 1-r0)" \
		>.PKGINFO
	set -- "$1" --format=ustar --owner=0 --group=0 --numeric-owner \
		--mtime='2020-01-02 03:04:06 UTC'
	tar "$2" "$3" "$4" "$5" "$6" -cf - .PKGINFO | head -c 1024 | gzip -n >made
	(cd in && names "$1" | tar "$2" "$3" "$4" "$5" "$6" -T - -cf -) | gzip -n >>made
}
recipe_arch_package() {
	tree "$1"
	printf 'pkgname = x\npkgver = %s\narch = any\n' "$(pick "$1" 1-1 1-1 2-1 1-1)" >in/.PKGINFO
	touch -d '2020-01-02 03:04:06 UTC' in/.PKGINFO
	(cd in && { echo .PKGINFO; names "$1"; } >../list &&
		bsdtar -cf - --format=mtree --options='!all,use-set,type,uid,gid,mode,time,size,md5,sha256,link' \
			--uid 0 --gid 0 -T ../list | gzip -n >.MTREE
	touch -d '2020-01-02 03:04:06 UTC' .MTREE
	{ echo .MTREE; cat ../list; } |
		bsdtar --uid 0 --gid 0 --uname root --gname root -T - -cf - | zstd -q -c >../made)
}
recipe_cab() {
	tree "$1"
	# shellcheck disable=SC2046
	(cd in && gcab -c -n ../made $(names "$1"))
}
recipe_msi() {
	tree "$1"
	one="<Component Id='CA' Guid='{6f3c2b1a-1111-4444-8888-000000000001}'>
		<File Id='FA' Source='in/a.txt'/></Component>"
	two="<Component Id='CC' Guid='{6f3c2b1a-1111-4444-8888-000000000002}'>
		<File Id='FC' Source='in/c.bin'/></Component>"
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	cat >x.wxs <<-END
		<Wix xmlns='http://schemas.microsoft.com/wix/2006/wi'>
		<Product Id='{6f3c2b1a-1111-4444-8888-000000000003}' Name='x' Manufacturer='x'
		 UpgradeCode='{6f3c2b1a-1111-4444-8888-000000000004}' Language='1033'
		 Version='$(pick "$1" 1.0.0 1.0.0 2.0.0 1.0.0)'>
		<Package Id='{6f3c2b1a-1111-4444-8888-000000000005}' Compressed='yes' InstallerVersion='200'/>
		<Media Id='1' Cabinet='x.cab' EmbedCab='yes'/>
		<Directory Id='TARGETDIR' Name='SourceDir'><Directory Id='D' Name='x'>
		$one $two</Directory></Directory>
		<Feature Id='F' Level='1'><ComponentRef Id='CA'/><ComponentRef Id='CC'/></Feature>
		</Product></Wix>
	END
	wixl -o made x.wxs
}
recipe_7z() {
	tree "$1"
	(cd in && 7z a -bso0 -bsp0 -mtm=on -mtc=off -mta=off ../made.7z a.txt c.bin sub)
	mv made.7z made
}
recipe_iso() {
	tree "$1"
	printf '%s /%s\n' "$(pick "$1" 9 9 9 1)" a.txt 5 c.bin >weights
	SOURCE_DATE_EPOCH=1600000000 xorriso -as mkisofs -quiet -R --sort-weight-list \
		weights -o made in >xorriso.log 2>&1
}
recipe_dmg() {
	recipe_iso "$1"
	mv made x.iso
	# shellcheck disable=SC2154 # by those who read this in
	python3 "$top/testdata/dmg/make.py" x.iso made
}
recipe_xar() {
	tree "$1"
	(cd in && names "$1" | bsdtar --format=xar --uid 0 --gid 0 -T - -cf ../made)
	truncate -s -20 made # libarchive leaves as much behind the heap that nothing names
}

# ---- file systems ----------------------------------------------------------

pack_squashfs() { # KIND FILE
	tree "$1"
	printf '%s %s\n' a.txt "$(pick "$1" 9 9 9 1)" c.bin 5 >weights
	SOURCE_DATE_EPOCH=1600000000 mksquashfs in "$2" -quiet -no-progress -all-root \
		-no-fragments -processors 1 -sort weights >mksquashfs.log 2>&1
}
recipe_squashfs() { pack_squashfs "$1" made; }
# A runtime with the mark "AI" 2 in its identification, and the file system behind it.
recipe_appimage() {
	pack_squashfs "$1" image
	echo 'void _start(void) { for (;;) ; }' >x.c
	gcc -s -static -nostdlib -Wl,--build-id=none,-z,noseparate-code -o made x.c
	printf 'AI\002' | dd of=made bs=1 seek=8 conv=notrunc status=none
	cat image >>made
}
recipe_erofs() {
	tree "$1"
	mkfs.erofs -T 1600000000 -U 11111111-2222-3333-4444-555555555555 \
		--all-root made in >mkfs.log 2>&1
}
recipe_ext4() {
	tree "$1"
	truncate -s 1M made
	mke2fs -q -t ext4 -d in -L "$(pick "$1" one one two one)" \
		-U 11111111-2222-3333-4444-555555555555 \
		-E hash_seed=11111111-2222-3333-4444-555555555555 made 2>mke2fs.log
}

# ---- installers ------------------------------------------------------------

recipe_nsis() {
	tree "$1"
	{
		printf 'Name "%s"\nOutFile made\nInstallDir "$TEMP\\x"\nSection\n' \
			"$(pick "$1" x x y x)"
		# shellcheck disable=SC2016
		echo 'SetOutPath $INSTDIR'
		names "$1" | sed 's/^/File in\//'
		echo SectionEnd
	} >x.nsi
	makensis -V1 x.nsi
}
recipe_makeself() {
	tree "$1"
	list=$(names "$1" | tr '\n' ' ')
	(cd in && tar --owner=0 --group=0 --numeric-owner -cf ../x.tar $list)
	mkdir box
	cp x.tar box/
	touch -d '2020-01-02 03:04:06 UTC' box box/x.tar
	makeself --nox11 --quiet --packaging-date 2020-01-02 \
		--tar-extra '--owner=0 --group=0 --numeric-owner' box made \
		"$(pick "$1" x x y x)" tar -xf x.tar >makeself.log 2>&1
}
recipe_oci_layout() {
	tree "$1"
	(cd in && tar --owner=0 --group=0 --numeric-owner -cf ../layer.tar a.txt c.bin sub)
	umoci --log=error init --layout made
	umoci --log=error new --image made:x
	umoci --log=error raw add-layer --no-history --image made:x layer.tar
	umoci --log=error config --no-history --image made:x --created 2020-01-02T03:04:06Z \
		--author "$(pick "$1" one one two one)"
	umoci --log=error gc --layout made
}

# The same as a tar archive, as programs hand it on.
recipe_oci_archive() {
	recipe_oci_layout "$1"
	mv made layout
	list='oci-layout index.json blobs'
	[ "$1" != order ] || list='blobs index.json oci-layout'
	# shellcheck disable=SC2086
	(cd layout && tar --sort=name --owner=0 --group=0 --numeric-owner \
		--mtime='2020-01-02 03:04:06 UTC' -cf ../made $list)
}

# ---- programs --------------------------------------------------------------

recipe_elf() {
	functions "$1" '' >x.c
	echo 'int main(int c, char **v) { return one(c) + two(c) + !v; }' >>x.c
	gcc -O1 -fno-toplevel-reorder -Wl,--build-id="$(pick "$1" 0x11 0x11 0x12 0x11)" -o made x.c
}
recipe_kernel_module() {
	functions "$1" '' >x.c
	echo "__attribute__((section(\".modinfo\"))) const char info[] = \
		\"license=$(pick "$1" GPL GPL MIT GPL)\";" >>x.c
	gcc -O1 -fno-toplevel-reorder -c -o made x.c
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x \
		-keyout key -out cert 2>/dev/null
	openssl cms -sign -binary -noattr -nocerts -md sha256 -outform DER -signer cert \
		-inkey key -in made -out sig
	# struct module_signature: type 2 (PKCS#7), the length of the signature
	perl -e 'print pack("C5x3N", 0, 0, 2, 0, 0, -s "sig"),
		"~Module signature appended~\n"' >end
	cat sig end >>made
}
recipe_pe() {
	functions "$1" '' >x.c
	echo 'int main(int c, char **v) { return one(c) + two(c) + !v; }' >>x.c
	x86_64-w64-mingw32-gcc -O1 -fno-toplevel-reorder -s -Wl,--no-insert-timestamp \
		-Wl,--major-image-version,"$(pick "$1" 1 1 2 1)" -o made.exe x.c
	mv made.exe made
}
recipe_dotnet() {
	{
		echo "[assembly: System.Reflection.AssemblyVersion(\"$(pick "$1" 1 1 2 1).0.0.0\")]"
		echo 'public class X {'
		functions "$1" 'public static'
		echo '}'
	} >x.cs
	mcs -target:library -out:made x.cs
}
# A program with a zip behind it.
recipe_self_extractor() {
	recipe_zip "$1"
	mv made x.zip
	recipe_pe plain
	cat x.zip >>made
}
recipe_macho() {
	functions "$1" '' >x.c
	clang -target "x86_64-apple-macos$(pick "$1" 11 11 12 11)" -O1 -c -o made x.c
}
# A library for a processor that runs nothing unsigned: the linker signs it ad hoc.
recipe_macho_signed() {
	functions "$1" '' >x.c
	clang -target arm64-apple-macos11 -O1 -c -o x.o x.c
	ld64.lld-14 -arch arm64 -platform_version macos 11 "$(pick "$1" 11 11 12 11)" -dylib \
		-install_name x x.o -o made
}
recipe_java_class() {
	{
		echo 'class X {'
		functions "$1" 'static'
		echo '}'
	} >X.java
	javac "$(pick "$1" -g -g -g:none -g)" X.java
	mv X.class made
}
recipe_pyc() {
	one='def one(x): return x * 3' two="def two(x): return x * $(pick "$1" 5 7 5 5)"
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	printf '%s\n%s\n' "$one" "$two" >x.py
	touch -d "$(pick "$1" 2020-01-02 2020-01-02 2021-01-02 2020-01-02)T00:00:00Z" x.py
	python3 -c 'import py_compile; py_compile.compile("x.py", cfile="made", doraise=True)'
}

# ---- data ------------------------------------------------------------------

recipe_mo() {
	printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nX: %s\\n"\n' \
		"$(pick "$1" 1 1 2 1)" >x.po
	printf 'msgid "one"\nmsgstr "%s"\nmsgid "two"\nmsgstr "zwei"\n' \
		"$(pick "$1" eins Eins eins eins)" >>x.po
	msgfmt -o made x.po
}
recipe_png() {
	cat >x.py <<-END
		import struct, sys, zlib
		def chunk(kind, data):
		    sys.stdout.buffer.write(struct.pack('>I', len(data)) + kind + data +
		        struct.pack('>I', zlib.crc32(kind + data)))
		sys.stdout.buffer.write(b'\x89PNG\r\n\x1a\n')
		chunk(b'IHDR', struct.pack('>IIBBBBB', 16, 16, 8, 2, 0, 0, 0))
		pixels = bytearray(i * 7 % 251 for i in range(16 * 48))
		if sys.argv[1] == 'content': pixels[100] ^= 1
		chunk(b'IDAT', zlib.compress(b''.join(b'\0' + pixels[i * 48:][:48] for i in range(16))))
		chunk(b'IEND', b'')
	END
	python3 x.py "$1" >x.png
	if [ "$1" = order ]; then
		pngcrush -s -force -text b Title x -text b Author y x.png made
	else
		pngcrush -s -force -text b Author "$(pick "$1" y y z y)" -text b Title x x.png made
	fi
}
recipe_pdf() {
	one='4 0 obj << /Length 9 >> stream
(one) Tj
endstream endobj'
	two='5 0 obj << /Length 9 >> stream
(two) Tj
endstream endobj'
	[ "$1" != content ] || two=$(echo "$two" | sed 's/two/TWO/')
	{
		echo '%PDF-1.4'
		echo '1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj'
		echo '2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj'
		echo '3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 99 99]'
		echo "/Contents [$(pick "$1" '4 0 R 5 0 R' '4 0 R 5 0 R' '4 0 R 5 0 R' '5 0 R 4 0 R')] >> endobj"
		echo "$one"
		echo "$two"
		echo "6 0 obj << /Title ($(pick "$1" x x y x)) >> endobj"
		echo 'trailer << /Root 1 0 R /Info 6 0 R /Size 7 >>'
		echo '%%EOF'
	} >x.pdf
	# qpdf finds the objects itself where there is no table, and says so
	qpdf --deterministic-id x.pdf made 2>qpdf.log || [ $? -eq 3 ]
}
recipe_cvd() {
	recipe_tar_ustar "$1"
	gzip -n <made >content
	printf '%-512s' "ClamAV-VDB:16 Sep 2021 08-32 -0400:$(pick "$1" 62 62 63 62):7:90:$(
		md5sum content | cut -c1-32
	):signature:builder:1631795562" >made
	cat content >>made
}
recipe_cdiff() {
	one='ADD Alpha:0:*:616263' two="ADD Beta:0:*:$(pick "$1" 646566 646567 646566 646566)"
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	printf 'OPEN daily.ndb\n%s\n%s\nCLOSE\n' "$one" "$two" >script
	printf 'ClamAV-Diff:%s:%u:' "$(pick "$1" 7 7 8 7)" "$(wc -c <script)" >made
	gzip -n <script >>made
	printf ':signature' >>made
}
recipe_crx() {
	recipe_zip "$1"
	mv made archive
	# one proof: key, signature; the signed data: an id of 16 bytes
	printf 'Cr24\3\0\0\0\52\0\0\0\22\22\12\5\60\3key\22\11signature' >made
	printf '\202\361\4\22\12\20abcdefghijklmnop' >>made
	cat archive >>made
}
recipe_mar() {
	tree "$1"
	# shellcheck disable=SC2046
	(cd in && python3 - $(names "$1")) <<'P' >made
import os, sys
be = lambda n, size=4: n.to_bytes(size, 'big')
signature = be(1) + be(2) + be(9) + b'signature'
product = b'release\0' + b'1.0\0'
sections = be(1) + be(8 + len(product)) + be(1) + product
data = index = b''
for name in sys.argv[1:]:
    content = open(name, 'rb').read()
    index += be(16 + len(signature + sections + data)) + be(len(content))
    index += be(os.stat(name).st_mode & 0o777) + name.encode() + b'\0'
    data += content
total = 16 + len(signature + sections + data) + 4 + len(index)
sys.stdout.buffer.write(b'MAR1' + be(total - 4 - len(index)) + be(total, 8) + signature +
    sections + data + be(len(index)) + index)
P
}
recipe_android_payload() {
	python3 - "$1" <<'P' >made
import hashlib, lzma, sys
def varint(n):
    out = b''
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])
number = lambda field, n: varint(field << 3) + varint(n)
field = lambda field, data: varint(field << 3 | 2) + varint(len(data)) + data
kind, data = sys.argv[1], b''
image = bytes(4096) + b'0123456789abcdef' * 256
if kind == 'content':
    image = image[:5000] + b'X' + image[5001:]
def operation(kind, start):
    global data
    packed = {6: b'', 8: lzma.compress(image[4096 * start:4096 * (start + 1)])}[kind]
    made = number(1, kind)
    if packed:
        made += number(2, len(data)) + number(3, len(packed)) + field(8, hashlib.sha256(packed).digest())
        data += packed
    return field(8, made + field(6, number(1, start) + number(2, 1)))
operations = [operation(6, 0), operation(8, 1)]
if kind == 'order':
    operations.reverse()
info = number(1, len(image)) + field(2, hashlib.sha256(image).digest())
manifest = field(13, field(1, b'boot') + field(7, info) + b''.join(operations))
manifest += number(14, 1700000000 + (kind == 'metadata'))
sys.stdout.buffer.write(b'CrAU' + (2).to_bytes(8, 'big') + len(manifest).to_bytes(8, 'big') +
    bytes(4) + manifest + data)
P
}
recipe_wasm() {
	functions "$1" '' >x.c
	clang --target=wasm32 "$(pick "$1" -g0 -g0 -g -g0)" -c -o made x.c
}
recipe_yara() {
	one="rule one { strings: \$a = \"$(pick "$1" alpha ALPHA alpha alpha)\" condition: \$a }"
	two="rule two { meta: author = \"$(pick "$1" x x y x)\" strings: \$b = \"beta\" condition: \$b }"
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	printf '%s\n%s\n' "$one" "$two" >x.yar
	yarac x.yar made
}
recipe_sqlite() {
	rows="(1, 'eins'), (2, 'zwei')"
	[ "$1" != content ] || rows="(1, 'Eins'), (2, 'zwei')"
	[ "$1" != order ] || rows="(2, 'zwei'), (1, 'eins')"
	sqlite3 made "PRAGMA user_version = $(pick "$1" 1 1 2 1);
		CREATE TABLE t (n, word); INSERT INTO t VALUES $rows;"
}
recipe_dtb() {
	one="compatible = \"$(pick "$1" x,y x,z x,y x,y)\";" two='model = "x";'
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	printf '/dts-v1/;\n/ { %s %s node@1 { reg = <1>; }; };\n' "$one" "$two" >x.dts
	dtc -q -I dts -O dtb -b "$(pick "$1" 0 0 1 0)" -o made x.dts
}
recipe_fit() {
	tree "$1"
	one='one { data = /incbin/("in/a.txt"); type = "kernel"; arch = "x86"; os = "linux"; compression = "none"; hash-1 { algo = "sha256"; }; };'
	two='two { data = /incbin/("in/c.bin"); type = "ramdisk"; arch = "x86"; os = "linux"; compression = "none"; hash-1 { algo = "sha256"; }; };'
	[ "$1" != order ] || { swap=$one one=$two two=$swap; }
	cat >x.its <<-END
		/dts-v1/;
		/ { description = "$(pick "$1" x x y x)"; images { $one $two };
		configurations { default = "c"; c { kernel = "one"; ramdisk = "two"; }; }; };
	END
	SOURCE_DATE_EPOCH=1600000000 mkimage -f x.its made >mkimage.log 2>&1
}
recipe_uimage() {
	tree "$1"
	SOURCE_DATE_EPOCH=1600000000 mkimage -A x86 -O linux -T kernel -C none -a 0 -e 0 \
		-n "$(pick "$1" x x y x)" -d in/c.bin made >mkimage.log 2>&1
}
# The digests of two programs.
recipe_efi_list() {
	recipe_pe plain
	mv made 1.exe
	recipe_pe "$(pick "$1" order content order order)"
	mv made 2.exe
	recipe_pe metadata
	mv made 3.exe
	# shellcheck disable=SC2046
	hash-to-efi-sig-list $(pick "$1" '1.exe 2.exe 3.exe' '1.exe 2.exe 3.exe' '' \
		'3.exe 2.exe 1.exe') made >hash.log
}
recipe_efi_variable() {
	recipe_efi_list "$1"
	mv made x.esl
	openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout key -out cert 2>/dev/null
	sign-efi-sig-list -t '2020-01-02 03:04:06' -k key -c cert dbx x.esl made >sign.log
}
lines() { # KIND
	if [ "$1" = order ]; then
		printf 'zwei Äpfel\neins\ndrei\n'
	else
		printf 'eins\nzwei %s\ndrei\n' "$(pick "$1" Äpfel Birnen Äpfel Äpfel)"
	fi
}
recipe_text() {
	lines "$1" >made
	# a byte order mark says nothing and is a byte all the same
	[ "$1" != metadata ] || { printf '\357\273\277'; cat made; } >marked
	[ "$1" != metadata ] || mv marked made
}
recipe_text_utf16() {
	lines "$1" | iconv -f UTF-8 -t "$(pick "$1" UTF-16LE UTF-16LE UTF-16BE UTF-16LE)" >x
	{
		printf '%b' "$(pick "$1" '\0377\0376' '\0377\0376' '\0376\0377' '\0377\0376')"
		cat x
	} >made
}
recipe_text_crlf() {
	if [ "$1" = metadata ]; then
		lines plain >made
	else
		lines "$1" | sed 's/$/\r/' >made
	fi
}
