"""A server that answers with a model; each request is an event named by its route.

    uvicorn fastapi_app:app

Started as a program it asks itself 48 times, 16 at once.
"""

import asyncio

from fastapi import FastAPI

from powermeter.hooks.asgi import PowerMiddleware

app = FastAPI()
app.add_middleware(PowerMiddleware)


@app.get("/classify/{number}")
async def classify(number: int) -> dict[str, int]:
    await asyncio.sleep(0.02)  # your model
    return {"number": number}


async def ask(rounds: int = 3, at_once: int = 16) -> None:
    import httpx

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        for _ in range(rounds):
            await asyncio.gather(*(client.get(f"/classify/{i}") for i in range(at_once)))


if __name__ == "__main__":
    asyncio.run(ask())
