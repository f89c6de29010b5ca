"""
Dependable files for recordings of any format.

`backlog` is the bounded queue between the loop and the disk; `writer` is the thread that writes its items; `files`
knows whole pieces, locks and names; `rotation` decides when a file is long enough. None of them knows what is recorded.
"""
