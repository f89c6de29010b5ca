"""
The native recording: the sim's pages themselves, tick by tick, in one file that grows.

`rows` says what a tick leaves; `blocks` makes bytes of a second of rows and back; `chunks` finds whole blocks in a
file, whatever happened to the rest; `head` says what the pages are; `reading` reads files; `playing` makes of them what
a daemon published; `file` writes. docs/reference/page-log.md describes the bytes.
"""
