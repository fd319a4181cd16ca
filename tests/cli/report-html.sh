#!/bin/sh
# The HTML report in a browser: nothing is fetched, nothing is wider than a phone,
# filters and search work, both colour schemes can be read, paper has everything.
set -eu

fail() {
	echo "report-html: $*"
	exit 1
}
for program in chromium pdftotext; do
	command -v $program >/dev/null 2>&1 || {
		echo "no $program"
		exit 77
	}
done
# The browser itself has no network: what it asks for on its own account fails, and is
# not what is looked at here.
browse() { # OPTION... ADDRESS
	timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic \
		--no-first-run --disable-background-networking --disable-component-update \
		--disable-sync --host-resolver-rules='MAP * ~NOTFOUND' --disable-dev-shm-usage --user-data-dir="$PWD/profile" \
		--allow-file-access-from-files --enable-logging=stderr "$@" 2>log
}
browse --dump-dom about:blank >blank || {
	echo "chromium does not start here: $(tail -n 1 log)"
	exit 77
}

# What the page may not do is looked at from a page around it.
cat >harness.html <<'HTML'
<!DOCTYPE html><meta charset="utf-8"><title>harness</title>
<iframe id="frame" height="900"></iframe><pre id="said"></pre>
<script>
'use strict';
const asked = new URLSearchParams(location.search), frame = document.getElementById('frame');
const width = +asked.get('width'), said = [];
function say(text) { said.push(text); }
function check(fine, text) { if (!fine) say('FAULT ' + text); }
function rgb(colour) {
  const part = (colour.match(/[\d.]+/g) || [0, 0, 0, 0]).map(Number);
  return part.length < 4 ? part.concat(1) : part;
}
/* WCAG 2.1, 1.4.3: relative luminance and the contrast of two */
function light(c) {
  const [r, g, b] = c.slice(0, 3).map(v => {
    v /= 255;
    return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a, b) {
  const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
  return (x + 0.05) / (y + 0.05);
}
function behind(view, element) {
  for (; element; element = element.parentElement) {
    const colour = rgb(view.getComputedStyle(element).backgroundColor);
    if (colour[3] === 1) return colour;
  }
  return [255, 255, 255, 1];
}
function seen(element) { return element.getClientRects().length > 0; }
function contrasts(view, page) {
  let count = 0, worst = 99;
  for (const e of page.body.querySelectorAll('*')) {
    const own = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
    if (!own || !seen(e) || e.tagName === 'SCRIPT') continue;
    const style = view.getComputedStyle(e), drawn = e.tagName === 'text';
    const ratio = drawn
      ? contrast(rgb(style.fill), rgb(view.getComputedStyle(e.previousElementSibling).fill))
      : contrast(rgb(style.color), behind(view, e));
    count++;
    worst = Math.min(worst, ratio);
    check(ratio >= 4.5, 'contrast ' + ratio.toFixed(2) + ' of <' + e.tagName + ' class="' +
          e.getAttribute('class') + '">: ' + e.textContent.slice(0, 40));
  }
  check(count > 50, 'only ' + count + ' texts');
  say('contrast of ' + count + ' texts at least ' + worst.toFixed(1));
}
function filters(page) {
  const leaves = [...page.querySelectorAll('.leaf')];
  const show = id => page.getElementById('show-' + id).click();
  const are = status => leaves.filter(l => l.classList.contains('s-' + status));
  page.querySelectorAll('#files details').forEach(d => { d.open = true; });
  const radios = [...page.querySelectorAll('[name=show]')].map(r => r.id.slice(5));
  check(radios.length > 1 && radios[0] === 'all', 'filters: ' + radios);
  for (const status of radios.slice(1)) {
    show(status);
    const left = leaves.filter(seen);
    check(left.length === are(status).length && left.length > 0,
          'filter ' + status + ' leaves ' + left.length);
    check(left.every(l => l.classList.contains('s-' + status)), 'filter ' + status);
    for (const article of page.querySelectorAll('.file'))
      check(seen(article) === article.classList.contains('s-' + status),
            'article with filter ' + status);
  }
  show('all');
  check(leaves.every(seen), 'all are not shown again');
  const box = page.getElementById('find');
  const find = text => {
    box.value = text;
    box.dispatchEvent(new Event('input'));
    return leaves.filter(seen).length;
  };
  const link = [...page.querySelectorAll('.leaf a')].pop();
  const found = find('DATA.tar.xz ' + link.textContent);
  check(found > 0 && found < leaves.length && seen(link), 'search found ' + found);
  check(find('no such text') === 0, 'search for nothing');
  check(find('') === leaves.length, 'search ended');
  say('filters of ' + leaves.length + ' files');
}
function names(view, page) {
  for (const input of page.querySelectorAll('input'))
    check(input.labels.length === 1, 'no label: ' + input.id);
  for (const drawing of page.querySelectorAll('svg'))
    check(drawing.ownerSVGElement || drawing.getAttribute('aria-hidden') ||
          (drawing.getAttribute('role') === 'img' && drawing.getAttribute('aria-label')),
          'a drawing without a name');
  for (const table of page.querySelectorAll('table'))
    check(table.caption && table.querySelectorAll('thead th:not([scope])').length === 0,
          'a table without heads');
  for (const tag of ['header', 'main', 'nav', 'footer'])
    check(page.querySelectorAll(tag).length === 1, 'landmark ' + tag);
  let focused = 0;
  for (const e of page.querySelectorAll('a, summary, input:checked, button, .scroll')) {
    if (!seen(e)) continue;
    e.focus();
    if (e.classList.contains('skip')) continue;
    check(page.activeElement === e, 'no focus on ' + e.outerHTML.slice(0, 60));
    check(view.getComputedStyle(e).outlineStyle !== 'none',
          'focus is not seen on ' + e.outerHTML.slice(0, 60));
    focused++;
  }
  check(focused > 10, 'only ' + focused + ' can be focused');
  say('focus on ' + focused);
}
frame.width = width;
frame.addEventListener('load', () => {
  try {
    const view = frame.contentWindow, page = frame.contentDocument;
    const dark = view.matchMedia('(prefers-color-scheme: dark)').matches;
    say(dark ? 'dark' : 'light');
    check(dark === (asked.get('dark') === '1'), 'the other scheme');
    if (page.getElementById('files')) filters(page);
    page.querySelectorAll('details').forEach(d => { d.open = true; });
    const wide = page.documentElement.scrollWidth;
    check(wide <= width, 'the page is ' + wide + ' wide at ' + width);
    check(view.innerWidth === width, 'a frame of ' + view.innerWidth);
    const fetched = view.performance.getEntriesByType('resource');
    check(fetched.length === 0, 'fetched ' + fetched.length + ': ' + fetched.map(f => f.name));
    contrasts(view, page);
    names(view, page);
    say('DONE');
  } catch (error) { say('FAULT ' + error.stack); }
  document.getElementById('said').textContent = said.join('\n');
});
frame.src = asked.get('page');
</script>
HTML

for sample in good tampered changed; do
	status=0
	"$VERIFY" report --html $sample.html "$SOURCE/tests/unit/findings/$sample.json" || status=$?
	[ $status -le 1 ] || fail "$sample: no page"
	for width in 360 1280; do
		for dark in 0 1; do
			# preferredColorScheme: 0 is dark, 1 is light
			browse --blink-settings=preferredColorScheme=$((1 - dark)) \
				--window-size=1400,1000 --dump-dom \
				"file://$PWD/harness.html?page=$sample.html&width=$width&dark=$dark" \
				>dom || fail "chromium failed on $sample: $(tail -n 3 log)"
			sed -n '/<pre id="said">/,/<\/pre>/p' dom >said
			grep -q FAULT said && fail "$sample, $width wide, dark $dark: $(cat said)"
			grep -q DONE said || fail "$sample: the checks did not end: $(cat said)"
			grep 'CONSOLE' log && fail "$sample: something was said on the console"
		done
	done
done

# The checks can fail: a page that fetches, is too wide, and cannot be read.
cat >bad.html <<'HTML'
<!DOCTYPE html><body><img src="http://127.0.0.1:9/x.png"><input>
<p style="color:#999;background:#fff;width:2000px">pale</p>
HTML
browse --blink-settings=preferredColorScheme=1 --dump-dom \
	"file://$PWD/harness.html?page=bad.html&width=360&dark=0" >dom
for fault in 'fetched 1' 'wide at 360' 'contrast 2.85' 'no label' 'landmark main'; do
	grep -q "FAULT.*$fault" dom || fail "a bad page passes for one without '$fault'"
done

# Paper, without the script: what is folded away on the screen is there.
for sample in good changed; do
	sed '/<script>/,/<\/script>/d' $sample.html >unscripted-$sample.html
	grep -q '<script' unscripted-$sample.html && fail "the script is still there"
	browse --no-pdf-header-footer --print-to-pdf="$PWD/$sample.pdf" \
		"file://$PWD/unscripted-$sample.html" || fail "no PDF: $(tail -n 3 log)"
	pdftotext -layout $sample.pdf $sample.txt
done
grep -o '<details><summary>' changed.html >folded || fail "nothing is folded"
for text in 'Verdict' 'differs' 'call 0x2280' '65 6c 6c 6f' 'network namespace' 'sha256sum -c' \
	'the greeting is chosen by the vendor' \
	"$(sed -n 's/.*<details><summary><b class="word good">.*SHA-256 <code>\([0-9a-f]\{20\}\).*/\1/p' \
		changed.html | head -n 1)"; do
	grep -q -F -e "$text" changed.txt || fail "paper lacks '$text'"
done
grep -q 'Show.*identical' changed.txt && fail "filters on paper"
for text in 6108d3c4000000000004 'Trust anchor: microsoft-uefi-2023' 'LC_ALL=C.UTF-8'; do
	grep -q -F -e "$text" good.txt || fail "paper lacks '$text'"
done
exit 0
