# verify compare: files of other names, in other containers, compressed otherwise.
set -eu
for program in dpkg-deb gzip tar python3; do
	command -v "$program" >/dev/null || { echo "no $program"; exit 77; }
done
dpkg-deb --help | grep zstd >/dev/null || { echo "dpkg-deb knows no zstd"; exit 77; }

SOURCE_DATE_EPOCH=1600000000
export SOURCE_DATE_EPOCH
for side in s r; do
	mkdir -p "$side/DEBIAN" "$side/usr"
	printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\n%s\n' \
		'Description: x' >"$side/DEBIAN/control"
	seq 99 >"$side/usr/same"
done
seq 200 >s/usr/renamed
seq 200 >r/usr/named
seq 1000 >s/usr/alike
seq 1000 | sed 's/^500$/5OO/' >r/usr/similar
seq 300 >s/usr/moved
seq 300 >r/DEBIAN/moved
seq 400 >r/usr/gone
chmod -R u=rwX,go=rX s r
dpkg-deb --root-owner-group -Zgzip -b s s.deb >/dev/null
dpkg-deb --root-owner-group -Zzstd -b r r.deb >/dev/null

got=0
"$VERIFY" compare -q --json out.json --text - s.deb r.deb >out.txt || got=$?
[ "$got" -eq 1 ] || { echo "exit status $got"; exit 1; }

# one line for each file: status, path, what it met, and by what
cat >wanted <<'END'
different s.deb = r.deb
different s.deb//control.tar.gz = r.deb//control.tar.zst inner
different s.deb//control.tar.gz// = r.deb//control.tar.zst//
identical s.deb//control.tar.gz//./control = r.deb//control.tar.zst//./control
missing r.deb//control.tar.zst//./moved < s.deb//data.tar.gz//./usr/moved
different s.deb//data.tar.gz = r.deb//data.tar.zst inner
different s.deb//data.tar.gz// = r.deb//data.tar.zst//
different s.deb//data.tar.gz//./usr/alike = r.deb//data.tar.zst//./usr/similar similarity
extra s.deb//data.tar.gz//./usr/moved > r.deb//control.tar.zst//./moved
different s.deb//data.tar.gz//./usr/renamed = r.deb//data.tar.zst//./usr/named content
identical s.deb//data.tar.gz//./usr/same = r.deb//data.tar.zst//./usr/same
missing r.deb//data.tar.zst//./usr/gone
END
python3 - >files <<'END'
import json
for f in json.load(open("out.json"))["files"]:
    print(f["status"], f["path"], *(["=", f["built"]] if "built" in f else []),
          *([f["paired_by"]] if "paired_by" in f else []),
          *([">", f["moved_to"]] if "moved_to" in f else []),
          *(["<", f["moved_from"]] if "moved_from" in f else []))
END
grep -v 'debian-binary' files | diff -u wanted -

# and as people read it
sed -n '/^  \* different …\/\/data.tar.gz\/\/.\/usr\/alike/,/^  \* extra/p' out.txt >alike
diff -u - alike <<'END'
  * different …//data.tar.gz//./usr/alike
    = r.deb//data.tar.zst//./usr/similar (renamed: 99 % similar)
    - member path
      shipped ./usr/alike
      rebuilt ./usr/similar
      cause   likely: renamed, 99 % of the content is alike
    - line 500, column 2: offset 0x761, 2 bytes
      shipped "500"
      rebuilt "5OO"
  * extra …//data.tar.gz//./usr/moved: only on the shipped side; the rebuilt
END

# the reports made again say the same, and the schema takes the findings
"$VERIFY" report --text - --markdown out.md out.json >again.txt || [ $? -eq 1 ]
diff -u out.txt again.txt
grep -F 'renamed: the same bytes as r.deb//data.tar.zst//./usr/named' out.md >/dev/null
python3 -W ignore -c 'import jsonschema' 2>/dev/null || {
	echo "no python3-jsonschema"
	exit 77
}
python3 -W ignore -m jsonschema -i out.json \
	"$SOURCE/src/report/verify-findings.schema.json"
