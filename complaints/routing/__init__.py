"""Which district a complaint's address lies in, how sure that is, and by what evidence. Plain Python, no database.

``divisions places`` read the tables in data/, ``texts`` makes an address comparable and reads what it says outright, ``gazetteer`` turns
tables into signals (``fragments house_numbers matching``), ``weighing`` learns what each is worth, ``outlines`` knows where a point
lies, ``router`` decides, ``subdistricts`` adds the subdistrict, ``sheets`` answers other programs. docs/routing.md has the figures.
"""
