"""One message's transaction and nothing else: `python -m bench.peers.chat_storage_only MESSAGES`.

Each is `threechat.storage.store` on one connection, in a room of its own. Prints the milliseconds of each as JSON.
"""

import json
import os
import sys
import time
from uuid import uuid4

WARM_UP = 5


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    django.setup()
    from examplechannels.lifespan import tune_garbage_collector
    from threechat.drafts import Draft
    from threechat.people import Person
    from threechat.rooms import RoomName
    from threechat.storage import store

    from ..people import TEXT

    where, person = RoomName("alone"), Person("bench", "bench", guest=True, has_session=False)
    room_id, took = None, []
    tune_garbage_collector()  # as in a server
    for _ in range(WARM_UP + int(sys.argv[1])):
        draft = Draft(TEXT, client_id=str(uuid4()))
        began = time.perf_counter()
        room_id = store(where, room_id, person, draft).room.pk
        took.append((time.perf_counter() - began) * 1000)
    print(json.dumps(took[WARM_UP:]))


if __name__ == "__main__":
    main()
