"""Twelve workflows across real applications, done by the real tools and checked outside the window.

The model is a script (:mod:`.policy`) that reads what the tools return and picks what to do next, so what is proved
here is everything around a model: senses, hands, loop, broker, journal. Each workflow is one function over a
:class:`.stage.Stage`, listed in :mod:`.catalogue`; the tests here and ``./dev bench workflows`` run the same ones.
"""
