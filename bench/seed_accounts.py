"""People who are logged in, for `bench.seed`."""


def log_in(accounts: int) -> list[str]:
    """The session keys of so many new accounts, one each."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore

    users = User.objects.bulk_create(
        [User(username=f"person-{number}", password=f"!{number}") for number in range(accounts)]
    )
    keys = []
    for user in users:
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        session.save()
        keys.append(str(session.session_key))
    return keys
