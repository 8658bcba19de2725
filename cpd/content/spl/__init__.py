"""DailyMed labels (Structured Product Labeling) to monograph files.

documents.py   files, folders and zips → the bytes of each document
reading.py     bytes → a checked XML tree, with limits
label.py       a tree → what the label says: its header, products, sections
products.py    product data → names and formulations; units.py prints their quantities
narrative.py   the text of a section → blocks; characters.py cleans its characters
markdown.py    blocks → Markdown, and the HTML that Markdown can't say
sections.py    a label's sections → the sections of a monograph
highlights.py  Highlights → drafts of indications and key facts
monograph.py   a label → the text of a monograph file
folder.py      the monographs that are there already, their names and versions
importing.py   all of it, and report.py what came of it
"""
