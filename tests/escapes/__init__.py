"""Ways out of the sandbox, tried in it and, as a control, without it.

attempts   the ways: run in the sandbox as a script of its own, with the standard library alone
stage      what there is to reach: a home with secrets, sockets that answer, a process, a workspace
trial      runs all attempts, sandboxed or not, and says which of them reached something
"""
