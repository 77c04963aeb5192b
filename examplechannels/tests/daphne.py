"""An application on our Daphne that tells how its frames were taken: `python -m examplechannels.tests.daphne PORT`."""

import os
import sys
from typing import Any


async def application(scope: Any, receive: Any, send: Any) -> None:
    early = scope["write_frame"](wire_of("early"))
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "sent"})
    then = scope["write_frame"](wire_of("written"))
    await send({"type": "websocket.send", "text": f"early: {early}, then: {then}"})
    await receive()


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "examplechannels.settings"
    from examplechannels.management.commands.runserver import DaphneServer
    from examplechannels.wire import wire_of

    endpoint = f"tcp:port={sys.argv[1]}:interface=127.0.0.1"
    DaphneServer(application, endpoints=[endpoint], ready_callable=lambda: print("listening", flush=True)).run()
