"""Placeholder until media are here."""


def forget_unshown(media_id: int) -> None: ...
