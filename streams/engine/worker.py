"""One worker: its agents with the released schemas, reference data and rule pack, run by Faust."""

import asyncio
import gc
import logging
import sys
from collections.abc import Callable, Mapping, Sequence

import faust
import uvloop

from schemas.codec import Codec
from schemas.sealing import Seals
from schemas.topics import (
    ACCEPTED,
    ASSESSED,
    CANARY_IN,
    DUTIES,
    ENTITIES,
    FACTS,
    FLASH_ACCEPTED,
    FLASH_IN,
    GATEWAY_IN,
    PACKS,
    flash_intake_topic,
    intake_topic,
)
from schemas.validation import prepare
from streams.core.context.forms import load_context
from streams.core.context.questions import Questioner
from streams.core.link.keys import MatchKeys
from streams.core.link.match import Matcher
from streams.core.link.operations import limits_of, load_pointer_rules
from streams.core.link.refs import Tokens
from streams.core.link.sighting import Sighter
from streams.core.picture.settings import load_settings
from streams.core.reference import load_reference
from streams.core.share import Pack
from streams.core.share.bundle import digest, pack_bundle
from streams.core.share.loading import RULES
from streams.engine.app import build_app
from streams.engine.assess_step import AssessStep
from streams.engine.duties_step import DutiesStep
from streams.engine.errands import Errands, ErrandTeller
from streams.engine.facts import FactsTeller
from streams.engine.framing import Framing
from streams.engine.intake_step import IntakeStep
from streams.engine.link_step import LinkStep
from streams.engine.match_keys import read_keys, seal_keys
from streams.engine.measures import Measures
from streams.engine.packs import Packs
from streams.engine.picture_step import PictureStep
from streams.engine.pointing import Pointing
from streams.engine.rules_step import RulesStep
from streams.engine.settings import Settings
from streams.engine.share_step import ShareStep
from streams.engine.sighter import SightingTeller
from streams.engine.signals import Signal, configure, emit
from streams.engine.work import Step

#: Faust fetches in a thread of its own; with Python's 5 ms that thread waits for the lanes' work at every fetch.
THREAD_SWITCH_S = 0.0005

#: An event's values are a few hundred short-lived containers without cycles: look for cycles seldom, not every 700.
GC_THRESHOLDS = (100_000, 50, 100)


def _by_nobody(_: Measures) -> None:
    """Nobody asks for the worker's metrics."""


def agents(settings: Settings, keys: MatchKeys) -> Mapping[Step, Sequence[str]]:
    """The agents with the topics that each reads."""
    known = None if settings.ids is None else settings.ids.known
    codec, reference = Codec(known, seals=Seals(seal_keys(keys), closing=settings.sealing)), load_reference()
    framing = None if settings.ids is None else Framing(codec, settings.ids)
    prepare()
    units = settings.own_access_units
    flash_topics = (FLASH_IN, *map(flash_intake_topic, units))
    intake_topics = (*flash_topics, GATEWAY_IN, CANARY_IN, *map(intake_topic, units))
    folder = settings.rules or RULES
    first = Pack.load(folder, reference.gazetteer)
    packs = Packs(codec, reference.gazetteer, first, digest(pack_bundle(folder)))
    share = ShareStep(codec, reference, packs, settings.own_access_desks, framing)
    tokens = Tokens(keys)
    matcher, limits = Matcher(windows=tokens.windows), limits_of(load_pointer_rules())
    pictures, context = load_settings(), load_context()
    pointing = Pointing(codec, reference.gazetteer, keys)
    tellers = (
        SightingTeller(Sighter(reference, tokens, matcher.thresholds)),
        FactsTeller(pictures),
        ErrandTeller(Questioner(reference, context, tokens.of_network)),
    )
    return {
        IntakeStep(codec, reference, settings.own_access_desks, framing, settings.tracer): intake_topics,
        AssessStep(codec, reference, share, tellers, pointing, settings.tracer): (FLASH_ACCEPTED, ACCEPTED),
        share: (ASSESSED,),
        RulesStep(codec, packs): (PACKS,),
        DutiesStep(codec, reference, settings.own_access_desks): (DUTIES,),
        LinkStep(codec, matcher, matcher.thresholds.version, limits=limits, errands=Errands(context)): (ENTITIES,),
        PictureStep(codec, reference, pictures): (FACTS,),
    }


def run(settings: Settings, *, json_logs: bool = True, measured: Callable[[Measures], None] = _by_nobody) -> int:
    """Run a worker until it is told to stop; returns the exit code.

    Shape: ``measured`` is given what tells the worker's metrics, before it begins.
    Errors: ``KeysError`` before anything runs when there are no keys for matching.
    Exits with 13, 14 or 15 when a lane was fenced, found a gap or failed, with 16 when something stood still; its
    supervisor starts it anew.
    """
    keys = read_keys(settings.match_keys)
    configure(json=json_logs)
    _quieten_libraries()
    use_quick_loop()
    app, lanes = build_app(agents(settings, keys), settings)
    measured(Measures(lanes, load_reference().gazetteer))
    tune()
    emit(Signal.WORKER_STARTED, group=settings.group, instance=settings.instance or "", match_keys=keys.current.name)
    worker = faust.Worker(app, loglevel="ERROR", redirect_stdouts=False, quiet=True, debug=False)
    try:
        worker.execute_from_commandline()
    except SystemExit as stopped:
        code = stopped.code
        return code if isinstance(code, int) else 0
    finally:
        emit(Signal.WORKER_STOPPED, group=settings.group)
    return 0


def use_quick_loop() -> None:
    """Let lanes and fetching run on libuv's loop, which takes less of the one core that a worker has."""
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())


def tune() -> None:
    """Set the interpreter for a process that runs lanes, once everything is loaded."""
    sys.setswitchinterval(THREAD_SWITCH_S)
    gc.freeze()  # what is loaded by now stays
    gc.set_threshold(*GC_THRESHOLDS)


def _quieten_libraries() -> None:
    """Keep the libraries' own logs to errors: at lower levels some print whole messages."""
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(name)s %(levelname)s %(message).200s")
    for name in ("faust", "mode", "aiokafka"):
        logging.getLogger(name).setLevel(logging.ERROR)
