"""``python -m complaints.routing.build``: learn the weights from the tables and write data/weights.json (a few seconds)."""

from complaints.routing.gazetteer import Gazetteer
from complaints.routing.places import places
from complaints.routing.weighing import learn

if __name__ == "__main__":
    learn(Gazetteer(places())).save()
