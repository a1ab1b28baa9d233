#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The documentation as a web site: every link leads to a page and to a place on it, every page is
# reached from the start, and the reference has every public function.
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"

for program in python3 cmark-gfm mandoc git; do
    command -v "$program" >/dev/null || {
        echo "skipped: $program is not installed"
        exit 77
    }
done
git rev-parse --is-inside-work-tree >"$tmp/log" 2>&1 || {
    echo "skipped: this is no git work tree: $(<"$tmp/log")"
    exit 77
}
run script/docs "$tmp/site"

# check_site DIRECTORY: a line for each link that leads nowhere and each page that no link leads to.
check_site() {
    python3 - "$1" <<'end'
import collections, html.parser, pathlib, sys, urllib.parse

class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.places = [], collections.Counter()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src"):
                self.links.append(value)
            elif name == "id":
                self.places[value] += 1

root = pathlib.Path(sys.argv[1]).resolve()
pages = {path: Page(path) for path in root.rglob("*.html")}
reached, waiting, wrong = set(), [root / "index.html"], []
while waiting:
    path = waiting.pop()
    if path in reached:
        continue
    reached.add(path)
    for link in pages[path].links:
        if urllib.parse.urlsplit(link).scheme:
            continue
        name, _, place = urllib.parse.unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.is_file() or (place and place not in pages[target].places):
            wrong.append(f"{path.relative_to(root)}: {link} leads nowhere")
        if target in pages:
            waiting.append(target)
wrong += [f"{path.relative_to(root)}: no link leads here" for path in sorted(set(pages) - reached)]
wrong += [f"{path.relative_to(root)}: {name} is there {count} times"
          for path, page in pages.items() for name, count in page.places.items() if count > 1]
print("\n".join(wrong))
sys.exit(bool(wrong))
end
}

mkdir "$tmp/small"
printf '<a href="a/b.html#here">b</a>' >"$tmp/small/index.html"
mkdir "$tmp/small/a"
printf '<p id="here"><a href="../index.html">up</a>' >"$tmp/small/a/b.html"
expect 0 '' check_site "$tmp/small"
printf '<p id="there"><p id="there"><a href="c.html">c</a>' >"$tmp/small/a/b.html"
printf 'x' >"$tmp/small/d.html"
expect 1 'index.html: a/b.html#here leads nowhere
a/b.html: c.html leads nowhere
d.html: no link leads here
a/b.html: there is there 2 times' check_site "$tmp/small"
expect 0 '' check_site "$tmp/site"

# ---- The reference ----

sed -n '/global:/,/local:/p' src/mmsync.map | grep -o '\bmms_[a-z]\w*' >"$tmp/public"
while read -r name; do
    grep -qr "id=\"$name\"" "$tmp/site/include" || fail "the reference lacks $name"
    [ -s "$tmp/site/man/man3/$name.3.html" ] || fail "there is no manual page of $name"
done <"$tmp/public"
[ -s "$tmp/public" ] || fail "src/mmsync.map has no names"
[ "$(head -c 14 "$tmp/site/index.js")" = 'const pages = ' ] || fail "search has no index"
