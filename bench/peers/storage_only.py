"""The SQL of the recorder and nothing else: `python -m bench.peers.storage_only '[metric ids]' BATCHES FIRST`.

Each batch is `two.storage.store` in a transaction of its own, on one connection. Prints readings per second.
"""

import json
import os
import sys
import time

from ..batches import values_of


def main() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "examplechannels.settings")
    django.setup()
    from django.db import connection, transaction

    from examplechannels.lifespan import tune_garbage_collector
    from two.storage import store

    metrics, batches, first = json.loads(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    values = [values_of(metrics, number) for number in range(first, first + batches)]
    connection.ensure_connection()
    tune_garbage_collector()  # as in a server
    began = time.perf_counter()
    for batch in values:
        with transaction.atomic(durable=True):
            store(batch)
    print(sum(map(len, values)) / (time.perf_counter() - began))


if __name__ == "__main__":
    main()
