"""A chat room with a long past, and a chart with many pins, for `bench.seed`."""

from datetime import UTC, datetime, timedelta

from .people import TEXT

ROOM = "bench"
LONGEST_TEXTS = 5
"""How often the text stands in the longest messages; there are as many of each length."""
SECONDS_BETWEEN = 30


def fill_room(messages: int) -> None:
    """Stores `messages` in the room `ROOM`, numbered as the program numbers them, the last one now."""
    from django.db import connection, transaction

    from threechat.models import Room

    room = Room.objects.create(name=ROOM, last_id=messages)
    first = datetime.now(UTC) - timedelta(seconds=SECONDS_BETWEEN * messages)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size=-262144")
        cursor.execute(
            """
            WITH RECURSIVE numbers(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < %s)
            INSERT INTO threechat_message
                (room_id, number, kind, text, username, guest, sender, has_session, client_id, sent_on,
                 about_device, about_metric, alarm_state)
            SELECT %s, number, 'text', substr(%s, 1, %s * (1 + number %% %s)), 'guest-' || number %% 50, 1,
                   printf('%%016x', number %% 50), 1, lower(hex(randomblob(16))),
                   strftime('%%Y-%%m-%%d %%H:%%M:%%f', %s, '+' || (number * %s) || ' seconds'), '', '', ''
            FROM numbers
            """,
            [
                messages,
                room.pk,
                TEXT * LONGEST_TEXTS,
                len(TEXT),
                LONGEST_TEXTS,
                f"{first:%Y-%m-%d %H:%M:%S}",
                SECONDS_BETWEEN,
            ],
        )
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def fill_pins(pins: int, device: str, metric: str, hours: float) -> None:
    """Stores `pins` messages about a metric in its device's room, spread over the last `hours`."""
    from threechat.models import Message, Room
    from two.alarms.wire import room_of

    room = Room.objects.create(name=room_of(device), last_id=pins)
    now = datetime.now(UTC)
    step = timedelta(hours=hours) / pins
    Message.objects.bulk_create(
        [
            Message(
                room=room,
                number=number,
                text=TEXT,
                username=f"guest-{number % 50}",
                sender=f"{number % 50:016x}",
                sent_on=now - (pins - number) * step,
                about_device=device,
                about_metric=metric,
                about_at=int((now - (pins - number) * step).timestamp() * 1000),
            )
            for number in range(1, pins + 1)
        ],
        batch_size=1000,
    )
