"""Files to start writing from. They pass the check once the dates are filled in; as drafts they are not published."""

from __future__ import annotations

import shutil
from pathlib import Path

from cpd import paths
from cpd.content.check import CATEGORIES
from cpd.content.facts import ACCREDITATION, KEY_FACTS, PASS_MARK

_MODULE = """\
---
# Lines that begin with # are notes to you. Take the # away to use a key.
title: "{title}"
summary: What the reader will learn, in one or two sentences.
credits: 0.50  # a multiple of 0.05; 1 credit is 60 minutes
specialties:
  - General practice
objectives:  # what the learner can do afterwards; begin with a verb
  - Recognise the features that need action today
authors:
  - name: Your name
    credentials: General practitioner
    role: Author
disclosures: None declared  # or a list of who, company, nature; the last 24 months, no minimum sum
# disclosures:
#   - who: Your name
#     company: The company
#     nature: Fee for a lecture
reviewed:  # the date of the review, such as 2026-09-14
expires:  # at most 3 years later
edition: 1  # raise it when the learning changes: the credits can then be earned again
status: draft  # then published, or withdrawn
# reviewers:
#   - name: Their name
#     credentials: Pharmacist
#     role: Peer reviewer
# audience:
#   - General practitioners
# funding: Who paid, and for what.
# accreditation: {accreditation}
# frameworks:
#   gdc: [C]
# monographs:  # names of monograph files that belong to this module whatever its text says
#   - name-of-a-file
# pass_mark: {pass_mark}  # per cent
# external: https://example.org/the-module  # for a module that lives elsewhere; then leave out the assessment
# former_slugs:  # names this file had before
#   - former-name
---

## Why it matters

Begin each part with a heading. Give facts their reference.[^1] Names of drugs are linked by themselves. A link of your
own is written `[text](monograph:name-of-its-file)` or `[text](module:name-of-its-file)`, without the backticks.

!!! red-flag "Act today"
    What needs action today. Indent the text of a callout by four spaces.

!!! key-point "Remember"
    One thing to take away.

| Feature | What it suggests |
|---|---|
| Sudden onset | Write the cells of a table between upright lines |

## Assessment

### What is the most appropriate next step?

The story of a patient may stand here, before the options.

- [ ] Review in two weeks
  > Why this is wrong.
- [x] Refer the same day
  > Why this is right.
- [ ] Reassure
  > Why this is wrong.

What to remember of this question, with its reference.[^1]

### What volume of a 500 micrograms/mL solution delivers 300 micrograms?

= 0.6 mL ± 0.02

300 micrograms divided by 500 micrograms/mL is 0.6 mL.

*[CT]: computed tomography

[^1]: Organisation or authors. Title. Year.
"""

_MONOGRAPH = """\
---
# Lines that begin with # are notes to you. Take the # away to use a key.
name: {title}
generic_name: {generic_name}
# company: The company, if this is one company's product
legal_class: Prescription only
status: draft  # then published, or withdrawn
formulations:
  - "{title} 5 mg; tablet"
classes:
  - The pharmacological class
indications:  # leave it out if the source states none
  - name: A short name
    use: What it is used for, in one sentence.
# key_facts:  # one short line each, for the card and the comparison; take out what the source does not say
{key_facts}
# brand_names:
#   - A brand
# link_names:  # what is linked in modules, if not the name, the generic name and the brands
#   - {generic_name}
source:
  kind: Prescribing information and national guidance
  title: What it is
  # set_id, version, effective (a date) and address belong to a label
# reviewed:  # the date of the review; without it the page says that nobody has read it yet
# draft: [key_facts]  # keys that nobody has confirmed yet
# former_slugs:  # names this file had before
#   - former-name
---

## Therapeutic use

What it is used for. Leave out every section that the source says nothing about: the page then says "Not stated in this
monograph", which is not the same as "none".

## Dosage

### Adults

5 mg once daily. Write micrograms in full, 5 mg and not 5.0 mg, 0.5 mg and not .5 mg.

### Children

Not recommended.

## Contraindications

- What the source states.

## References

1. Where it comes from, with its date.
"""


def begin_folder(folder: Path) -> None:
    """Make a folder of content with what every site needs: the sample's categories and its pages, such as the terms."""
    sample = paths.sample_content()
    shutil.copytree(sample / "pages", folder / "pages", copy_function=shutil.copyfile)
    shutil.copyfile(sample / CATEGORIES, folder / CATEGORIES)


def new_module_text(slug: str) -> str:
    """A module to start from, with every key and each kind of question."""
    return _MODULE.format(title=_title(slug), accreditation=ACCREDITATION, pass_mark=PASS_MARK)


def new_monograph_text(slug: str) -> str:
    """A monograph to start from, with every key."""
    key_facts = "\n".join(f"#   {name}: A short line" for name in KEY_FACTS)
    return _MONOGRAPH.format(title=_title(slug), generic_name=slug.replace("-", " "), key_facts=key_facts)


def _title(slug: str) -> str:
    return slug.replace("-", " ").capitalize()
