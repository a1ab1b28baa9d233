#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every link between the project's pages leads to a file that exists, and to a heading that it has.
. "$(dirname "$0")/common.sh"

command -v python3 >/dev/null || {
    echo "skipped: python3 is not installed"
    exit 77
}

# check_links DIRECTORY: the links of all pages below it; one line for each that leads nowhere
check_links() {
    python3 - "$1" <<'end'
import pathlib, re, sys

def anchors(page):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    titles = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w\- ]", "", title.strip().lower()).replace(" ", "-") for title in titles}

root, wrong = pathlib.Path(sys.argv[1]), 0
skipped = re.compile(r"build.*|\.git|corpus|target")
pages = [p for p in root.rglob("*.md") if not any(map(skipped.fullmatch, p.relative_to(root).parts))]
for page in sorted(pages):
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            print(f"{page.relative_to(root)}: {link} leads nowhere")
            wrong = 1
sys.exit(wrong)
end
}

mkdir "$tmp/pages"
printf '# A page\n\n[b](b.md#a-heading) [here](#a-page) [out](https://example.org/x)\n' >"$tmp/pages/a.md"
printf '## A heading\n' >"$tmp/pages/b.md"
expect 0 '' check_links "$tmp/pages"
printf '[gone](gone.md)\n' >>"$tmp/pages/b.md"
expect 1 'b.md: gone.md leads nowhere' check_links "$tmp/pages"
printf '## A heading\n[gone](a.md#no-page)\n' >"$tmp/pages/b.md"
expect 1 'b.md: a.md#no-page leads nowhere' check_links "$tmp/pages"

expect 0 '' check_links "$MMSYNC_SOURCE_DIR"
