"""The child process that turns Markdown into safe HTML: a job a line on stdin, its answer a line on stdout.

Python-Markdown can take minutes over a few kilobytes of brackets, so it only ever runs here, where it can be killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import resource
import secrets
import sys
import time
from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from markdown import Markdown
from markdown.extensions.footnotes import FootnoteExtension
from markdown.treeprocessors import Treeprocessor

from cpd.content import markup
from cpd.content.inline import SparingInlineProcessor

MEMORY = 600 * 1024 * 1024  # bytes
PLAIN_TITLES = {"Red-flag": "Red flag", "Key-point": "Key point"}
BACK = "\N{LEFTWARDS ARROW WITH HOOK}\N{VARIATION SELECTOR-15}"
# At the start of a line of inline text these would begin a block.
_BLOCK_MARK = re.compile(r"[>#]|[-+*](?=\s|$)|!!!|--+$")
_NUMBERED = re.compile(r"([0-9]+)([.)])(?=\s|$)")
# One line in which no sign means anything to Markdown or HTML: both leave it as it is.
_PLAIN = re.compile(r"[^\W\d_](?:[^\W_]|[.,;:?!()/%'\"“”‘’–—±°+=-]| (?! |$))*")
_ABBREVIATION = re.compile(r"\*\[([^\]]*)")


class Fault(Exception):
    """The text can't be rendered; the message says why."""


class Converter:
    """Python-Markdown as this project uses it. Its word marks what is ours, until cleaning takes the mark off."""

    def __init__(self) -> None:
        self.ours = f"ours{secrets.token_hex(12)}-"
        self.footnotes = FootnoteExtension(USE_DEFINITION_ORDER=False)
        self.markdown = Markdown(
            extensions=["tables", self.footnotes, "admonition", "def_list", "abbr", "sane_lists"],
            extension_configs={"tables": {"use_align_attribute": True}},
        )
        self.markdown.treeprocessors.register(SparingInlineProcessor(self.markdown), "inline", 20)
        self.tree = _OurTree(self.markdown, self.ours)
        self.markdown.treeprocessors.register(self.tree, "ours", 1)

    def convert(self, job: Mapping[str, Any]) -> dict[str, Any]:
        """Safe HTML of a job's body and pieces. Raises Fault."""
        body, pieces = str(job["body"]), dict(job["pieces"])
        mark = "cpd" + hashlib.sha256(json.dumps([body, pieces]).encode()).hexdigest()[:24]
        plain = _plain_pieces(body, pieces)
        try:
            parts = self._parts(body, {name: text for name, text in pieces.items() if name not in plain}, mark)
        except Fault:
            self._parts(body, pieces, mark)  # whose fault names the piece
            raise

        finished = markup.finish(markup.clean(parts[""], self.ours), job["media"])
        faults, images = finished.faults, finished.images
        done = {}
        for name, text in pieces.items():
            inline = is_inline(name)
            if name in plain:
                marked = markup.mark_doses(text)
                done[name] = marked if inline else f"<p>{marked}</p>"
                continue
            html = _unwrapped(parts[name]) if inline else parts[name]
            piece = markup.finish(markup.clean(html, self.ours, inline=inline), job["media"])
            done[name] = piece.html.strip()
            faults += piece.faults
            images += piece.images
        if self.tree.h1:
            faults.append(
                f"the heading “{self.tree.h1[:60]}” has one #; write it with ##, since the title is the page's"
            )
        if faults:
            raise Fault("\n".join(faults))
        notes = markup.finish(markup.clean(parts["footnotes"], self.ours), job["media"])
        return {
            "html": finished.html.strip(),
            "contents": finished.contents,
            "pieces": done,
            "sections": _sections(finished.html) if job["kind"] == "monograph" else {},
            "footnotes": notes.html.strip(),
            "words": markup.words_in(finished.html),
            "images": list(dict.fromkeys(images)),
        }

    def _parts(self, body: str, pieces: Mapping[str, str], mark: str) -> dict[str, str]:
        """HTML of the body (""), each piece and the footnotes, all out of one conversion."""
        names = [*pieces, "footnotes"]
        texts = [body]
        for index, name in enumerate(names):
            texts.append(f"{mark}n{index}n")
            if name in pieces:
                texts.append(_inline(pieces[name]) if is_inline(name) else pieces[name])
        self.footnotes.setConfig("PLACE_MARKER", f"{mark}notes")
        self.tree.mark = mark
        self.markdown.reset()
        html = self.markdown.convert("\n\n".join([*texts, f"{mark}notes"])).replace(f"<p>{mark}notes</p>", "")

        parts = {}
        rest, last = html, ""
        for index, name in enumerate(names):
            before, found, rest = rest.partition(f"<p>{mark}n{index}n</p>")
            if not found:
                where = f"in {last}" if last else "in the text"
                raise Fault(f"an HTML tag or comment {where} is opened and not closed; close it or take it out")
            parts[last] = before
            last = name
        parts[last] = rest
        return parts


class _OurTree(Treeprocessor):
    """Callouts and footnotes as our pages want them; numbers footnotes in the order of the text."""

    def __init__(self, markdown: Markdown, ours: str) -> None:
        super().__init__(markdown)
        self.ours = ours
        self.mark = ""
        self.h1 = ""

    def run(self, root: Element) -> None:
        self.h1 = ""
        for element in root.iter():
            kinds = element.get("class", "").split()
            if kinds[:1] == ["admonition"]:
                element.set("class", self.ours + markup.CALLOUTS.get(kinds[1], "callout"))
            elif kinds == ["admonition-title"]:
                element.text = PLAIN_TITLES.get(element.text or "", element.text)
                element.set("class", self.ours + "callout__title")
            elif element.tag == "h1":
                self.h1 = "".join(element.itertext()) or "#"
        notes = next((div for div in root.findall("div") if div.get("class") == "footnote"), None)
        if notes is not None:
            self._footnotes(root, notes)

    def _footnotes(self, root: Element, notes: Element) -> None:
        numbers: dict[str, int] = {}
        uses: dict[str, list[str]] = {}
        in_text = True
        for block in root:
            in_text = in_text and not (block.text or "").startswith(self.mark)
            for sup in block.iter("sup"):
                self._reference(sup, numbers, uses, in_text)
        old = notes.find("ol")
        items = list(old) if old is not None else []
        items.sort(key=lambda item: numbers.get(item.get("id", ""), len(numbers) + 1))
        notes.clear()
        notes.tag = "ol"
        for number, item in enumerate(items, 1):
            label = item.get("id", "")
            item.set("id", f"{self.ours}fn-{number}")
            self._back_links(item, number, uses.get(label, []))
            notes.append(item)

    def _reference(self, sup: Element, numbers: dict[str, int], uses: dict[str, list[str]], in_text: bool) -> None:
        link = sup.find("a")
        if link is None or link.get("class") != "footnote-ref":
            return
        label = link.get("href", "")[1:]
        number = numbers.setdefault(label, len(numbers) + 1)
        name = f"fnref-{number}"
        used = uses.setdefault(label, [])
        # The assessment is another page, so only references in the text can be gone back to.
        if in_text:
            name += f"-{len(used) + 1}" if used else ""
            used.append(name)
            sup.set("id", self.ours + name)
        else:
            sup.attrib.pop("id", None)
        link.attrib.clear()
        link.set("class", f"{self.ours}ref")
        link.set("href", f"#fn-{number}")
        link.set("aria-label", f"{self.ours}Reference {number}")
        link.text = str(number)

    def _back_links(self, item: Element, number: int, uses: list[str]) -> None:
        for parent in list(item.iter()):
            for link in [child for child in parent if child.get("class") == "footnote-backref"]:
                parent.remove(link)
        last = item[-1] if len(item) and item[-1].tag == "p" else SubElement(item, "p")
        for index, name in enumerate(uses, 1):
            again = f", place {index}" if len(uses) > 1 else ""
            label = f"{self.ours}Back to reference {number} in the text{again}"
            link = SubElement(last, "a", {"class": f"{self.ours}backref", "href": f"#{name}", "aria-label": label})
            link.text = BACK
            link.tail = " " if index < len(uses) else ""


def _plain_pieces(body: str, pieces: Mapping[str, str]) -> set[str]:
    """The names of pieces that need no Markdown: most options and their feedback."""
    short = [found.strip() for text in (body, *pieces.values()) for found in _ABBREVIATION.findall(text)]
    plain = {name for name, text in pieces.items() if _PLAIN.fullmatch(text)}
    return {name for name in plain if not any(each in pieces[name] for each in short)}


def is_inline(name: str) -> bool:
    """Whether a piece is a question's lead or an option, which have no blocks in them."""
    return name.endswith(".lead") or re.fullmatch(r"q[0-9]+\.[a-z]", name) is not None


def _inline(text: str) -> str:
    """Text whose first characters begin no list, quotation or heading."""
    line = " ".join(text.split())
    if line.startswith(":"):
        return f"&#58;{line[1:]}"
    if _BLOCK_MARK.match(line):
        return f"\\{line}"
    return _NUMBERED.sub(r"\1\\\2", line, count=1) if _NUMBERED.match(line) else line


def _unwrapped(html: str) -> str:
    return html.strip().removeprefix("<p>").removesuffix("</p>")


def _sections(html: str) -> dict[str, str]:
    """Each h2's title and the HTML under it."""
    chunks = re.split(r'<h2 id="[^"]*">(.*?)</h2>', html)
    return {markup.plain(title).strip(): text.strip() for title, text in zip(chunks[1::2], chunks[2::2], strict=True)}


def answer(converter: Converter, job: Mapping[str, Any]) -> dict[str, Any]:
    """The rendering of a job, or its faults."""
    try:
        return converter.convert(job)
    except Fault as fault:
        return {"faults": str(fault).split("\n")}
    except RecursionError:
        return {"faults": ["lists or quotations are nested too deep; make them flatter"]}
    except MemoryError:
        return {"faults": ["takes too much memory to render; split or simplify it"]}


def _limit(what: int, most: int) -> None:
    # macOS knows some limits and does not let them be set.
    with contextlib.suppress(ValueError, OSError):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Answer jobs until stdin ends. Each may use the CPU for as long as its clock runs."""
    _limit(resource.RLIMIT_AS, MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    converter = Converter()
    _say("ready")
    for line in sys.stdin.buffer:
        job = json.loads(line)
        _limit(resource.RLIMIT_CPU, int(time.process_time() + job["seconds"]) + 2)
        _say(json.dumps(answer(converter, job)))


if __name__ == "__main__":
    main()
