"""Documents: PDF, Word, Excel, PowerPoint, OpenDocument, CSV, HTML, pictures, sound and archives, read into text.

Whoever made a document may mean us harm, so it is parsed in a child process that has nothing: no network, no file but
the one descriptor it was given, a bound on memory and time (``worker``). Kinds are told by content, never by a name.

Parent side    reader      start the child, wait, kill it, put its failures into words; text from pictures
               cells       the same for cells that are written; the new file is read back before it is believed
Both sides     kinds       what the first bytes are;  parts: the lines of a document, and how many are shown
               cell_values what a text becomes in a cell;  written: where it goes, and what is refused
Child side     worker      give everything up, then read;  position: what stands after ``#`` in a path
               cell_worker give everything up, then write cells into the bytes of a new file
               office      what is inside a ZIP file;  packages: one part of it changed, all others as they were
               pdf word slides spreadsheet opendocument table page picture sound speech archive plain   a kind each
               xlsx_book xlsx_cells xlsx_styles ods_cells ods_styles csv_cells new_books          cells, a kind each
               formulas    which may be written, what they refer to

Not covered: a flaw in the kernel, and files that the child could open before it has given that up (while it imports).
This file stays empty of imports, because the child comes through it.
"""
