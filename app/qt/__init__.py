"""The window. Everything here runs on Qt's main thread, except what says otherwise.

main           opens the window and brings the assistant to it
window         the rooms side by side, and what the person does in them
conversation   the page: every event becomes a block (bubbles, markdown, task_card, approval)
composer       typing, talking, files, the screen
sidebar head   past sessions; title, mode, status line
models_page settings_page    and models_port, what the former asks for
theme stylesheet icons painted widgets text    colours, sizes and the parts everything is made of
bridge         from other threads to this one

The window knows the rest of the program through app.assistant.Assistant and agent.events alone.
"""
