from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from threechat.names import skeleton


class AccountName(models.Model):
    """What an account's name looks like, so that no guest takes a name that could be mistaken for it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, verbose_name=_("user"))
    skeleton = models.CharField(_("skeleton"), max_length=1000, db_index=True)

    class Meta:
        verbose_name = _("account name")
        verbose_name_plural = _("account names")

    def __str__(self) -> str:
        return self.skeleton


@receiver(post_save, sender=settings.AUTH_USER_MODEL, dispatch_uid="threechat.account_name")
def keep_account_name(instance: User, raw: bool = False, **kwargs: object) -> None:
    if not raw:
        AccountName.objects.update_or_create(user=instance, defaults={"skeleton": skeleton(instance.get_username())})


async def is_an_accounts(name: str) -> bool:
    """Whether a name is, or looks like, an account's."""
    return await AccountName.objects.filter(skeleton=skeleton(name)).aexists()
