import asyncio

import pytest
from django.utils import timezone

from two.models import AccessToken
from two.tokens import BURST_WRONG, KEEP_SECONDS, LOOK_AHEAD_SECONDS, MAX_OWED_WRONG, Tokens, TooManyGuesses

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "192.0.2.1"


async def test_a_token_in_use_is_looked_up_again_before_its_end_and_nobody_waits_for_it() -> None:
    now = 0.0
    tokens = Tokens(lambda: now)
    token = await asyncio.to_thread(AccessToken.issue, AccessToken.Scope.SITE)
    first = await tokens.grant_for(token, ADDRESS)
    await AccessToken.objects.aupdate(revoked=timezone.now())
    now = KEEP_SECONDS - LOOK_AHEAD_SECONDS - 0.1
    assert await tokens.grant_for(token, ADDRESS) == first
    assert "token" not in {task.get_name() for task in asyncio.all_tasks()}, "too early to look it up again"
    now = KEEP_SECONDS - LOOK_AHEAD_SECONDS + 0.1
    assert await tokens.grant_for(token, ADDRESS) == first, "it is still taken"
    async with asyncio.timeout(5):
        while await tokens.grant_for(token, ADDRESS) is not None:  # long before its end
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(("too_many", "seconds"), [(5, 5), (2 * MAX_OWED_WRONG, MAX_OWED_WRONG)])
async def test_guesses_asked_at_once_are_waited_for_afterwards_a_minute_at_most(too_many: int, seconds: int) -> None:
    now = 0.0
    tokens = Tokens(lambda: now)
    at_once = [tokens.grant_for(f"guess-{number}", ADDRESS) for number in range(BURST_WRONG + too_many)]
    assert set(await asyncio.gather(*at_once)) == {None}
    with pytest.raises(TooManyGuesses) as refused:
        await tokens.grant_for("another", ADDRESS)
    assert refused.value.seconds == seconds + 1
    now = float(seconds + 1)
    assert await tokens.grant_for("another", ADDRESS) is None
