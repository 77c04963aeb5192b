"""One module for each thing promised; `SCENARIOS` in the order they run."""

from collections.abc import Awaitable, Callable

from ..lineup import Lineup
from ..measures import Outcome
from . import (
    alarms,
    chat_echo,
    chat_history,
    chat_room,
    crowd,
    daphne,
    delay,
    fanout,
    first_look,
    handshakes,
    history,
    history_postgres,
    ladder,
    lines,
    page,
    pins,
    redis_commands,
    rolling_restart,
    singles,
    stalled,
    start,
    tick,
    turnover,
    workers,
)

Scenario = Callable[[Lineup, bool], Awaitable[Outcome]]

SCENARIOS: dict[str, Scenario] = {
    "fanout": fanout.run,
    "crowd": crowd.run,
    "handshakes": handshakes.run,
    "daphne": daphne.run,
    "stalled": stalled.run,
    "turnover": turnover.run,
    "ladder": ladder.run,
    "start": start.run,
    "lines": lines.run,
    "tick": tick.run,
    "singles": singles.run,
    "history": history.run,
    "history-postgres": history_postgres.run,
    "delay": delay.run,
    "first-look": first_look.run,
    "page": page.run,
    "alarms": alarms.run,
    "pins": pins.run,
    "chat-room": chat_room.run,
    "chat-echo": chat_echo.run,
    "chat-history": chat_history.run,
    "workers": workers.run,
    "redis-commands": redis_commands.run,
    "rolling-restart": rolling_restart.run,
}
