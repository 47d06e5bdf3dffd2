"""Brings a cluster's ACLs in line with the catalogue: says what is missing and what should not stand there."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import DescribeAclsRequest

from deploy.access import Acl, Operation, Pattern, Resource, covers, is_ours
from deploy.administrator import administrator
from deploy.wire import ANY, CreateAcls, DeleteAcls

#: Seconds until the brokers must show what the controller has done.
SEEN_SECONDS: Final = 15.0
_LOOK_AGAIN_SECONDS: Final = 0.05
_DENY, _ALLOW = 2, 3
_SECURITY_DISABLED: Final = 54
_NOT_ALLOWED: Final = 31


class Action(StrEnum):
    """What a change does. The last is told, never done: it is not ours to take away."""

    ADD = "add"
    REMOVE = "remove"
    FOREIGN = "foreign"


class Change(NamedTuple):
    """One difference between the cluster and the catalogue. ``done`` tells that ``apply`` removed it."""

    acl: Acl
    action: Action
    done: bool = False

    @property
    def open(self) -> bool:
        """Whether the cluster still differs in this."""
        return not self.done


class AclsError(Exception):
    """The cluster refused; the text gives Kafka's reason and what to do."""


def differences(wanted: Iterable[Acl], present: Iterable[Acl], trusted: Iterable[str] = ()) -> list[Change]:
    """What would have to change: what is missing, what of ours is too much, then what others have on the bus.

    Shape: ``trusted`` are users of others that may have what they have, such as a tool that copies topics elsewhere.
    """
    told, there, leave = tuple(wanted), frozenset(present), frozenset(trusted)
    missing = [Change(acl, Action.ADD) for acl in told if acl not in there]
    extra = sorted(there.difference(told))
    ours = [Change(acl, Action.REMOVE) for acl in extra if is_ours(acl.user)]
    others = [acl for acl in extra if not is_ours(acl.user) and acl.user.removeprefix("User:") not in leave]
    meeting = [acl for acl in others if acl.resource is Resource.CLUSTER or covers(acl, told)]
    return [*missing, *ours, *(Change(acl, Action.FOREIGN) for acl in meeting)]


async def plan(options: Mapping[str, Any], wanted: Iterable[Acl], trusted: Iterable[str] = ()) -> list[Change]:
    """What ``apply`` would change. Reads the cluster, changes nothing.

    Errors: ``KafkaConnectionError`` or ``TimeoutError`` when no broker answers, ``AclsError`` when it refuses.
    """
    async with administrator(options, "sambus-acls") as admin:
        return differences(wanted, await _present(admin), trusted)


async def apply(
    options: Mapping[str, Any], wanted: Iterable[Acl], trusted: Iterable[str] = (), *, remove: bool = False
) -> list[Change]:
    """Make what is missing; with ``remove`` also take away what of ours should not be there.

    Errors: as ``plan``. What was done before an error stays; calling again goes on from there.
    """
    acls = tuple(wanted)
    async with administrator(options, "sambus-acls") as admin:
        changes = differences(acls, await _present(admin), trusted)
        made = {Action.ADD, Action.REMOVE} if remove else {Action.ADD}
        # What lets too much goes first: at no moment is there more than before or after.
        await _delete(admin, [change.acl for change in changes if change.action is Action.REMOVE and remove])
        await _create(admin, [change.acl for change in changes if change.action is Action.ADD])
        changes = [change._replace(done=change.action in made) for change in changes]
        await _seen(admin, acls, {change.acl for change in changes if change.done})
    return changes


async def _seen(admin: AIOKafkaAdminClient, wanted: Sequence[Acl], made: set[Acl]) -> None:
    """Wait until the brokers show what the controller has done: whoever starts next must find its rights."""
    try:
        async with asyncio.timeout(SEEN_SECONDS):
            # Kafka has no call that waits for this.
            while made & {change.acl for change in differences(wanted, await _present(admin))}:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_AGAIN_SECONDS)
    except TimeoutError as problem:
        raise AclsError(f"the brokers do not show the changes after {SEEN_SECONDS:.0f} s") from problem


async def _present(admin: AIOKafkaAdminClient) -> list[Acl]:
    response = await _ask(admin, DescribeAclsRequest(ANY, None, ANY, None, None, ANY, ANY))
    _refuse(response.error_code)
    return [
        Acl(user, _known(Resource, kind), name, Operation(operation), Pattern(pattern), host, permission == _ALLOW)
        for kind, name, pattern, acls in response.resources
        for user, host, operation, permission in acls
    ]


def _known(kinds: type[Resource], number: int) -> Resource:
    return kinds(number) if number in set(kinds) else kinds.UNKNOWN


async def _create(admin: AIOKafkaAdminClient, acls: Sequence[Acl]) -> None:
    if acls:
        response = await _ask(admin, CreateAcls([_whole(acl) for acl in acls]))
        for code, _ in response.creation_responses:
            _refuse(code)


async def _delete(admin: AIOKafkaAdminClient, acls: Sequence[Acl]) -> None:
    if acls:
        response = await _ask(admin, DeleteAcls([_whole(acl) for acl in acls]))
        for code, _, _ in response.filter_responses:
            _refuse(code)


def _whole(acl: Acl) -> tuple[Any, ...]:
    """An ACL as Kafka's requests name it; as a filter it meets itself alone."""
    permission = _ALLOW if acl.allow else _DENY
    return (int(acl.resource), acl.name, int(acl.pattern), acl.user, acl.host, int(acl.operation), permission)


async def _ask(admin: AIOKafkaAdminClient, request: Any) -> Any:
    try:
        return await admin._send_request(request)  # noqa: SLF001 - nothing public sends a request of this kind
    except NotImplementedError as problem:
        raise AclsError("this Kafka is too old for these requests") from problem


def _refuse(code: int) -> None:
    if code == _SECURITY_DISABLED:
        raise AclsError(
            "this cluster has no authorizer, so everybody may do everything. Set authorizer.class.name on its brokers, "
            "or start a secured one with `sambus up --secure`"
        )
    if code == _NOT_ALLOWED:
        raise AclsError("this user may not look at or change ACLs. Use the cluster's super user")
    if code:
        problem: type[KafkaError] = for_code(code)
        raise AclsError(problem.__name__)
