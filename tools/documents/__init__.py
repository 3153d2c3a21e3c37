"""Documents: PDF, Word, Excel, PowerPoint, OpenDocument, CSV, HTML, pictures, sound and archives, read into text.

Whoever made a document may mean us harm, so it is parsed in a child process that has nothing: no network, no file but
the one descriptor it was given, a bound on memory and time (``worker``). Kinds are told by content, never by a name.

Parent side    reader      start the child, wait, kill it, put its failures into words; text from pictures
Both sides     kinds       what the first bytes are;  parts: the lines of a document, and how many are shown
Child side     worker      give everything up, then read;  position: what stands after ``#`` in a path
               office      what is inside a ZIP file
               pdf word slides spreadsheet opendocument table page picture sound archive plain   one file a kind

Not covered: a flaw in the kernel, and files that the child could open before it has given that up (while it imports).
This file stays empty of imports, because the child comes through it.
"""
