"""The rule pack (regelpaket): loaded from YAML, checked whole, compiled once."""

from collections.abc import Mapping
from pathlib import Path

from schemas.gazetteer import Gazetteer, load_gazetteer
from schemas.substances import SubstanceRegister
from streams.core.share.checks import check_names
from streams.core.share.engine import Engine
from streams.core.share.forms import PackFile, Rule
from streams.core.share.loading import RULES, PackForms, Placed, read_pack
from streams.core.share.plan import TypePlan, compile_plans
from streams.core.share.problems import PackError
from streams.core.share.viewbook import ViewBook, build_views

_DIGEST_SHOWN = 8


class Pack:
    """A checked rule pack. It never changes; a new version is another pack.

    Shape: ``version`` is the declared version and the beginning of the content's SHA-256: ``2026.1+3f2a9c01``.
    """

    def __init__(self, found: PackForms, gazetteer: Gazetteer) -> None:
        """Check and compile what was read. Errors: ``PackError`` with every problem, each with file and line."""
        problems = list(check_names(found, gazetteer))
        try:
            views = build_views(found)
        except PackError as error:
            raise PackError((*problems, *error.problems)) from None
        if problems or found.pack is None:
            raise PackError(problems)
        self.placed: Placed[PackFile] = found.pack
        self.file: PackFile = found.pack.form
        self.version = f"{self.file.version}+{found.digest[:_DIGEST_SHOWN]}"
        self.rules: Mapping[str, Rule] = {rule.form.id: rule.form for rule in found.rules}
        #: The rules with their places in the files, for reports.
        self.sources = tuple(found.rules)
        self.strategy = tuple(sentence.form for sentence in found.strategy)
        self.views: ViewBook = views
        self.plans: Mapping[str, TypePlan] = compile_plans(self.file, self.rules.values(), views)
        self._engine: Engine | None = None

    @classmethod
    def load(cls, path: Path | str | None = None, gazetteer: Gazetteer | None = None) -> "Pack":
        """Load a pack from its folder; without one, the pack that the package carries.

        Errors: ``PackError`` with every problem: file, line, what is wrong and how to mend it.
        """
        return cls(read_pack(Path(path) if path is not None else RULES), gazetteer or load_gazetteer())

    def engine(self, gazetteer: Gazetteer, substances: SubstanceRegister) -> Engine:
        """The pack bound to reference data, made once as long as these stay the same."""
        engine = self._engine
        if engine is None or engine.gazetteer is not gazetteer or engine.substances is not substances:
            engine = self._engine = Engine(self.file, self.plans, gazetteer, substances)
        return engine
