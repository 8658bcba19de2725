"""The sections of a monograph, in the order in which every page shows them."""

BOXED_WARNING = "Boxed warning"
SECTIONS = (
    BOXED_WARNING,
    "Therapeutic use",
    "Dosage",
    "Contraindications",
    "Warnings and precautions",
    "Interactions",
    "Adverse reactions",
    "Use in specific populations",
    "Abuse and dependence",
    "Overdosage",
    "How supplied",
    "Description",
    "Clinical pharmacology",
    "Nonclinical toxicology",
    "Clinical studies",
    "References",
    "Patient counselling",
)
NOTES = "Notes"  # the footnotes, which are shown like a section
TAKEN = ("compare",)  # pages of the site at the place of a monograph's; no monograph can have such a slug
NOT_STATED = "Not stated in this monograph"


def section_id(title: str) -> str:
    """The anchor of a section: Adverse reactions becomes adverse-reactions."""
    return title.lower().replace(" ", "-")


TITLES = {section_id(title): title for title in (*SECTIONS, NOTES)}  # by the ids of the sections
