"""ASGI servers (FastAPI, Starlette, …): each request is an event named by its route.

::

    app.add_middleware(powermeter.hooks.asgi.PowerMiddleware)

Requests overlap: what is drawn while several run is divided among them, and the shares add up to the run.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from powermeter.marking.span import attached, span

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_WEBSOCKET = "a WebSocket is not an event; mark what it does: with powermeter.event(...) for each message"

_DEEPEST = 4
_LAST = {
    "body": {"http.response.body": "more_body", "http.response.pathsend": "more_body"},
    "trailers": {"http.response.trailers": "more_trailers"},
}
"""What an answer ends with → the messages that may be the last → what they hold where others follow."""


class PowerMiddleware:
    """Has each HTTP request be an event, from the call of the application to its last byte.

    What the application does after that (background tasks) is no part of it.  A WebSocket, which may stay open for hours, is not an event: mark
    what happens inside of it; the first one during a recording leaves a line that states so.

    Args:
        app: The application.
        name: The events' name; else method and route (`GET /items/{id}`), or `GET` with the path as an attribute where
            no router shows its routes.
        n: Items of a request: a number, None (not known), or a function of the scope.
        attributes: Of the events.
    """

    def __init__(self, app: App, name: str | None = None, n: Any = 1, **attributes: Any) -> None:
        self.app = app
        self._name, self._n, self._attributes = name, n, attributes
        self._is_printed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope.get("type") != "http" or attached() is None:
            if scope.get("type") == "websocket" and attached() is not None and not self._is_printed:
                self._is_printed = True
                print(f"powermeter: {NO_WEBSOCKET}", file=sys.stderr)
            await self.app(scope, receive, send)
            return
        attributes = dict(self._attributes)
        name = self._name
        if name is None:
            method = str(scope.get("method", "HTTP"))
            route = route_of(scope, self.app)
            name = method if route is None else f"{method} {route}"
            if route is None:
                attributes["path"] = scope.get("path")
        made = span(name, self._count(scope), attributes)
        ends_with = _LAST["body"]

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal ends_with
            kind = message.get("type")
            if kind == "http.response.start":
                made["status"] = message.get("status")
                ends_with = _LAST["trailers" if message.get("trailers") else "body"]
            await send(message)
            if kind in ends_with and not message.get(ends_with[kind]):
                made.__exit__(None, None, None)

        with made:
            await self.app(scope, receive, noting)

    def _count(self, scope: Scope) -> Any:
        if not callable(self._n):
            return self._n
        try:
            return self._n(scope)
        except Exception:  # noqa: BLE001 – the measured program must never notice
            return None


def route_of(scope: Scope, app: Any) -> str | None:
    """Return the pattern of the route that will answer a request; `(no route)` where none will, None where none is seen."""
    routes = getattr(scope.get("app"), "routes", None)
    for _ in range(_DEEPEST):
        if routes is not None:
            break
        routes = getattr(app, "routes", None)
        app = getattr(app, "app", None)
    if routes is None:
        return None
    return _match(routes, scope, _DEEPEST) or "(no route)"


def _match(routes: Any, scope: Scope, depth: int) -> str | None:
    partial = None
    for each in routes:
        route = getattr(each, "starlette_route", None) or each
        match, child = _matches(route, scope)
        path = str(getattr(route, "path", ""))
        if match == "FULL":
            included = getattr(
                route, "effective_candidates", None
            )  # a router in FastAPI; its paths are whole
            if included is not None and depth:
                return _match(included(), scope, depth - 1)
            inner = getattr(route, "routes", None)
            if inner and depth:
                return path + (_match(inner, {**scope, **child}, depth - 1) or "/…")
            return path or "/"
        if match == "PARTIAL" and partial is None:
            partial = path
    return partial


def _matches(route: Any, scope: Scope) -> tuple[str, dict[str, Any]]:
    try:
        match, child = route.matches(scope)
        return match.name, child
    except Exception:  # noqa: BLE001 – somebody else's route
        return "NONE", {}
