"""Tools of other programs, by the Model Context Protocol: servers that the person named in ``mcp.json``.

entries      what the person wrote there
declarations a server's description of a tool, cut down to what a model is told of it
pins         what the person allowed, in the database: a tool that says something else since is quarantined
transport    a server's process in the sandbox, or its address: bounded, and never trusted
connection   one server: asked for its tools, called, given up when it dies, hangs or talks nonsense
servers      all of them, as tools for the assistant
errors       what may go wrong with one

Nothing is started before a tool is called or the person asks: what is offered to the model is what was pinned.
Only ``transport`` and ``connection`` import the SDK, and late: it takes more than a second. A server's results are
untrusted text; what its tools do is the person's word alone (:mod:`agent.broker.foreign`).
"""
