"""The main job, done for real: a spoken question about the screen, work across two applications, a limit, an undo.

``./dev demo`` runs it. It uses the screen there is, or a virtual one, and always a virtual microphone; a small driver
stands in for the person: it speaks, types and clicks with real sound, real keys and a real pointer. The window, the
model and the applications are the real ones. Screenshots go to ``build/demo/``.
"""
