"""What can be wrong with a rule pack, said so that its owner can mend it: file, line, and what would be right."""

from collections.abc import Iterable

from schemas.marked_yaml import YamlProblem

#: One thing wrong with a pack.
PackProblem = YamlProblem


class PackError(ValueError):
    """A rule pack cannot be used. It holds every problem found, in the order of files and lines."""

    def __init__(self, problems: Iterable[PackProblem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"The rule pack has {len(self.problems)} problem(s):\n{lines}")
