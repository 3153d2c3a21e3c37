"""The accessibility tree of Linux (AT-SPI 2), asked over D-Bus with many requests in flight.

``bus`` is the connection, ``terms`` are AT-SPI's numbers in our words, ``reader`` asks for what can be seen,
``nodes`` makes our nodes of it, ``tables`` and ``grid`` do so for tables and spreadsheets, ``adapter`` is what the rest
of the program sees. Interfaces and their signatures: https://gitlab.gnome.org/GNOME/at-spi2-core, folder ``xml``.
"""
