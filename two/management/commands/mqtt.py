"""Records what an MQTT broker hands over: `manage.py mqtt --broker mqtt://user:password@host:1883`."""

import asyncio
import logging
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand

from examplechannels.interrupts import run_to_its_end, stop_signals
from examplechannels.layers import require_redis
from two.ingest import bridge
from two.ingest.broker import Broker, add_broker_argument, named_broker
from two.recorder import recorder


class Command(BaseCommand):
    help = "Records what telemetry/<device>, Zigbee2MQTT and Tasmota publish at an MQTT broker, until it is stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_broker_argument(parser)

    def handle(self, *args: Any, broker: str, **options: Any) -> None:
        address = named_broker(broker)
        if settings.REDIS_URL:
            require_redis(settings.REDIS_URL)
        else:
            self.stdout.write(
                "Without REDIS_URL a server in another process shows these readings at its own look-up, within 2 s."
            )
        bridge.logger.setLevel(logging.INFO)  # connected, stopped
        run_to_its_end(record_until_stopped(address))
        self.stdout.write("Stopped.")


async def record_until_stopped(broker: Broker) -> None:
    with stop_signals() as stopping:
        task = asyncio.create_task(bridge.Bridge(broker).run(), name="bridge")
        told = asyncio.create_task(stopping.wait(), name="stop")
        try:
            await asyncio.wait([task, told], return_when=asyncio.FIRST_COMPLETED)
        finally:
            told.cancel()
            task.cancel()
            await asyncio.gather(task, told, return_exceptions=True)
            await recorder.close()
    if not task.cancelled():
        task.result()  # raises what ended it
