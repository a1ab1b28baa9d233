// SPDX-License-Identifier: Apache-2.0
// Search in `pages`, which index.js sets: [address, page, heading, text] for each section of each page.
"use strict";
(function () {
    const input = document.querySelector("#search");
    const list = document.querySelector("#found");
    const limit = 20;
    let chosen = -1;

    // A word in the heading counts more than one in the text, words side by side more than apart, and a whole name
    // most.
    function score(section, words) {
        const heading = (section[1] + " " + section[2]).toLowerCase();
        const text = section[3].toLowerCase();
        const phrase = words.join(" ");
        let sum = (heading.includes(phrase) ? 20 : 0) + (text.includes(phrase) ? 3 : 0);
        for (const word of words) {
            if (section[2].toLowerCase() === word || section[1].toLowerCase() === word)
                sum += 100;
            else if (heading.includes(word))
                sum += 10;
            else if (text.includes(word))
                sum += 1;
            else
                return 0;
        }
        return sum;
    }

    // The text around the first of the words, which is marked.
    function excerpt(text, words) {
        const element = document.createElement("small");
        const at = Math.max(0, ...words.slice(0, 1).map(word => text.toLowerCase().indexOf(word)));
        const start = Math.max(0, at - 30);
        const end = at + words[0].length;
        element.append((start ? "..." : "") + text.slice(start, at));
        if (text.slice(at, end).toLowerCase() === words[0]) {
            const mark = document.createElement("mark");
            mark.textContent = text.slice(at, end);
            element.append(mark, text.slice(end, end + 90));
        } else {
            element.append(text.slice(at, at + 120));
        }
        return element;
    }

    function show(results, words) {
        list.replaceChildren();
        for (const [address, page, heading, text] of results) {
            const item = document.createElement("li");
            const link = document.createElement("a");
            link.href = document.documentElement.dataset.root + address;
            link.append(heading && heading !== page ? page + ": " + heading : page, excerpt(text, words));
            item.append(link);
            list.append(item);
        }
        if (results.length === 0) {
            const item = document.createElement("li");
            item.className = "none";
            item.textContent = "Nothing found";
            list.append(item);
        }
        list.hidden = false;
        chosen = -1;
    }

    function search() {
        const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        if (words.length === 0) {
            list.hidden = true;
            return;
        }
        const results = pages.map(section => [score(section, words), section]).filter(pair => pair[0] > 0);
        results.sort((a, b) => b[0] - a[0]);
        show(results.slice(0, limit).map(pair => pair[1]), words);
    }

    function move(step) {
        const links = list.querySelectorAll("a");
        if (links.length === 0)
            return;
        if (chosen >= 0)
            links[chosen].classList.remove("chosen");
        chosen = (chosen + step + links.length) % links.length;
        links[chosen].classList.add("chosen");
        links[chosen].scrollIntoView({ block: "nearest" });
    }

    input.addEventListener("input", search);
    input.addEventListener("keydown", event => {
        if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            move(event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1);
            event.preventDefault();
        } else if (event.key === "Enter") {
            const link = list.querySelectorAll("a")[Math.max(chosen, 0)];
            if (link && !list.hidden)
                location.href = link.href;
        } else if (event.key === "Escape") {
            list.hidden = true;
        }
    });
    document.addEventListener("click", event => {
        if (!event.target.closest(".search"))
            list.hidden = true;
    });
    document.addEventListener("keydown", event => {
        if (event.key === "/" && document.activeElement !== input) {
            input.focus();
            event.preventDefault();
        }
    });
    // A wide page shows the list of pages, a narrow one opens it when asked.
    const menu = document.querySelector(".pages details");
    if (matchMedia("(min-width: 56.01rem)").matches)
        menu.open = true;
})();
