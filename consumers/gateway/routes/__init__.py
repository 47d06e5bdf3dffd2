"""What readers can ask of the gateway: all routes under one router."""

from fastapi import APIRouter

from consumers.gateway.feeds import Feeds
from consumers.gateway.routes import (
    acting,
    auditing,
    cards,
    desk,
    explain,
    operations,
    pages,
    recalls,
    requests,
    saying,
    streams,
)
from consumers.gateway.routes import subscriptions as subscribing
from schemas.identity import Authenticator


def feed_routers(feeds: Feeds, authenticator: Authenticator) -> tuple[APIRouter, ...]:
    """Every router of the reading half."""
    made = (subscribing, streams, pages, cards, explain, saying, requests, desk, recalls, operations, acting, auditing)
    return tuple(module.router(feeds, authenticator) for module in made)
