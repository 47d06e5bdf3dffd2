"""Which worker has which partition numbers: evenly, and as many as may be stay where they are (docs/adr/0039)."""

from collections.abc import Collection, Mapping
from typing import Any

from faust.assignor import PartitionAssignor
from faust.assignor.client_assignment import ClientAssignment


class EvenAssignor(PartitionAssignor):
    """Faust's assignor with our way to share out, under the same name and in the same form: versions work together.

    Faust's own leaves a newcomer without any while nobody has more than the mean, rounded up: a third worker beside
    two with four partitions each waits for ever.
    """

    def _perform_assignment(self, cluster: Any, member_metadata: Mapping[str, Any]) -> Any:
        """Share out the partition numbers of the topics that every member knows.

        What only some know, as while a version with more topics takes the place of another one by one, waits until all
        do: its partition 3 at one worker and all others' at another would be two lanes of one number, and each would
        fence the other.
        """
        known = {member: self._get_client_metadata(metadata) for member, metadata in member_metadata.items()}
        self._update_member_urls(known)
        topics = set.intersection(*(set(metadata.subscription) for metadata in member_metadata.values()))
        counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in sorted(topics)}
        held = {
            member: {number for numbers in metadata.assignment.actives.values() for number in numbers}
            for member, metadata in known.items()
        }
        assignments = {
            member: ClientAssignment(
                actives={topic: [number for number in numbers if number < count] for topic, count in counts.items()},
                standbys={},
            )
            for member, numbers in shared_out(max(counts.values(), default=0), held).items()
        }
        everywhere = self._get_external_topic_distribution(assignments)
        return self._protocol_assignments(assignments, {}, everywhere, dict.fromkeys(counts, 0))


def shared_out(count: int, held: Mapping[str, Collection[int]]) -> dict[str, list[int]]:
    """So many numbers from 0 for some members, none with two more than another.

    Shape: ``held`` is what each says it has, as after a takeover also what another has by now. Who has most keeps one
    more where they do not come out even, so that as few as may be change hands.
    """
    least, more = divmod(count, len(held))
    left, shared = set(range(count)), dict[str, list[int]]()
    for place, member in enumerate(sorted(held, key=lambda each: (-len(held[each]), each))):
        shared[member] = sorted(left.intersection(held[member]))[: least + (place < more)]
        left.difference_update(shared[member])
    waiting = sorted(left, reverse=True)
    for place, numbers in enumerate(shared.values()):
        while len(numbers) < least + (place < more):
            numbers.append(waiting.pop())
    return shared
