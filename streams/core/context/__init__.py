"""Context (sammanhang): what the bus adds to an event from what it remembers of others.

Novelty, poisoning clusters, violence nearby, the conflict score, displacement. All of it is asked after the event was
shared, in the lanes that remember (``streams/engine/errands.py``), and nothing is told of what nobody may notice.
"""
