"""Requests of a real FastAPI application, one after the other and 16 at once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from frameworks import need

need("fastapi", "httpx")

import httpx
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from powermeter.hooks.asgi import PowerMiddleware


def application():
    app = FastAPI()
    app.add_middleware(PowerMiddleware, model="tiny")

    @app.get("/items/{number}")
    async def item(number: int):
        return {"number": number}

    there, all_there = [], asyncio.Event()

    @app.get("/together/{number}")
    async def together(number: int):
        there.append(number)
        if len(there) == 16:
            all_there.set()
        await all_there.wait()
        return {"number": number}

    @app.post("/items")
    def make():
        return {}

    @app.get("/stream")
    async def stream():
        async def lines():
            for i in range(3):
                yield f"{i}\n"

        return StreamingResponse(lines())

    @app.get("/fails")
    async def fails():
        raise RuntimeError("no model")

    return app


def ask(app, *requests):
    async def all_of_them():
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await asyncio.gather(*(client.request(*one) for one in requests))

    return asyncio.run(all_of_them())


def test_a_request_is_labelled_by_its_route(running):
    ask(application(), ("GET", "/items/1"), ("GET", "/items/2"), ("POST", "/items"), ("GET", "/stream"))
    events = running.end()
    assert Counter(e.name for e in events) == {"GET /items/{number}": 2, "POST /items": 1, "GET /stream": 1}
    assert all(e.attributes == {"model": "tiny", "status": 200} and e.count == 1 for e in events)
    assert all(e.task for e in events)


def test_sixteen_at_once_are_sixteen_events_that_overlap(running):
    answers = ask(application(), *(("GET", f"/together/{i}") for i in range(16)))
    assert [one.json()["number"] for one in answers] == list(range(16))
    events = running.end()
    assert len(events) == 16 and len({e.task for e in events}) == 16
    assert max(e.start_ns for e in events) < min(e.end_ns for e in events)
    assert {e.parent for e in events} == {None}


def test_failures_and_unknown_paths(running):
    ask(application(), ("GET", "/fails"), ("GET", "/nowhere/17"), ("DELETE", "/items"))
    events = {e.name: e for e in running.end()}
    assert events["GET (no route)"].attributes["status"] == 404
    assert events["DELETE /items"].attributes["status"] == 405
    assert events["GET /fails"].attributes["error"] == "RuntimeError"


def test_mounted_applications_and_routers(running):
    async def hello(request):
        return PlainTextResponse("hello")

    inner = Starlette(routes=[Route("/hello/{name}", hello)])
    app = Starlette(routes=[Mount("/v1", app=inner)])
    app.add_middleware(PowerMiddleware)
    router = APIRouter(prefix="/api")

    @router.get("/ping")
    async def ping():
        return {}

    other = FastAPI()
    other.include_router(router, prefix="/v2")
    other.add_middleware(PowerMiddleware)
    ask(app, ("GET", "/v1/hello/you"))
    ask(other, ("GET", "/v2/api/ping"))
    assert [e.name for e in running.end()] == ["GET /v1/hello/{name}", "GET /v2/api/ping"]


@pytest.mark.parametrize("name", [None, "serve"])
def test_an_application_without_routes(running, name):
    async def plain(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    ask(PowerMiddleware(plain, name, n=lambda scope: 2), ("GET", "/a/b"))
    (event,) = running.end()
    assert (event.name, event.count) == (name or "GET", 2)
    assert event.attributes.get("path") == (None if name else "/a/b")


def test_outside_of_a_recording_a_request_passes_through():
    assert ask(application(), ("GET", "/items/5"))[0].json() == {"number": 5}
