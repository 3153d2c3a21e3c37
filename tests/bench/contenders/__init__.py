"""What ``./dev bench engine`` compares, each in a process of its own behind one small port
(:mod:`tests.bench.contenders.port`), and the model and the conversation they all get."""
