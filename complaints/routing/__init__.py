"""Which district a complaint's address lies in, how sure that is, and by what evidence. Plain Python, no database.

``divisions places`` read the tables in data/, ``texts`` makes an address comparable and reads what it says outright, ``gazetteer``
turns tables into signals, ``weighing`` learns what each signal is worth, ``outlines`` knows where a point lies, ``router`` decides,
``sheets`` answers other programs (``manage.py route``). docs/routing.md has the figures.
"""
