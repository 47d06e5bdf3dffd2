"""Requests of Kafka's protocol that aiokafka 0.14 lacks or sends one by one: ACLs in one request, SCRAM users."""

from collections.abc import Sequence
from typing import Any, Final

from aiokafka.protocol.admin import CreateAclsRequest_v1, DeleteAclsRequest_v1
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactBytes, CompactString, Int8, Int16, Int32, Schema, TaggedFields

#: A filter's "whatever", for a number.
ANY: Final = 1
_SHA_512: Final = 2


class CreateAcls(Request[CreateAclsRequest_v1]):  # type: ignore[misc]  # aiokafka has no types
    """Many ACLs at once; aiokafka's own request takes one."""

    API_KEY = 30

    def __init__(self, creations: Sequence[tuple[Any, ...]]) -> None:
        self._creations = creations

    def build(self, request_struct_class: type[Any]) -> Any:
        """The request as it is sent."""
        return request_struct_class(list(self._creations))


class DeleteAcls(Request[DeleteAclsRequest_v1]):  # type: ignore[misc]
    """Take many ACLs away at once, each named whole."""

    API_KEY = 31

    def __init__(self, filters: Sequence[tuple[Any, ...]]) -> None:
        self._filters = filters

    def build(self, request_struct_class: type[Any]) -> Any:
        """The request as it is sent."""
        return request_struct_class(list(self._filters))


class _AlterScramResponse(Response):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "results",
            CompactArray(
                ("user", CompactString("utf-8")),
                ("error_code", Int16),
                ("error_message", CompactString("utf-8")),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _AlterScramRequest(RequestStruct):  # type: ignore[misc]
    API_KEY = 51
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _AlterScramResponse
    SCHEMA = Schema(
        ("deletions", CompactArray(("name", CompactString("utf-8")), ("mechanism", Int8), ("tags", TaggedFields))),
        (
            "upsertions",
            CompactArray(
                ("name", CompactString("utf-8")),
                ("mechanism", Int8),
                ("iterations", Int32),
                ("salt", CompactBytes),
                ("salted_password", CompactBytes),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class AlterScram(Request[_AlterScramRequest]):  # type: ignore[misc]
    """Set passwords for SCRAM-SHA-512, by their salted form: name, iterations, salt, salted password.

    Source: KIP-554, AlterUserScramCredentials, version 0.
    """

    API_KEY = 51

    def __init__(self, upsertions: Sequence[tuple[str, int, bytes, bytes]]) -> None:
        self._upsertions = upsertions

    def build(self, request_struct_class: type[Any]) -> Any:
        """The request as it is sent."""
        told: list[Any] = [
            (name, _SHA_512, rounds, salt, salted, {}) for name, rounds, salt, salted in self._upsertions
        ]
        return request_struct_class([], told, {})
