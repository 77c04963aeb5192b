from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import include, path
from django.views.decorators.cache import cache_control
from django.views.generic import RedirectView
from django.views.i18n import JavaScriptCatalog, set_language

from examplechannels import accounts, exposition, health, views
from examplechannels.logins import AdminLoginForm, LoginForm, limited

handler500 = "examplechannels.outages.server_error"
login_view = LoginView.as_view(
    authentication_form=LoginForm,
    redirect_authenticated_user=True,
    extra_context={"guests_are_welcome": not settings.LOGIN_REQUIRED},
)
catalog_view = login_not_required(cache_control(max_age=300)(JavaScriptCatalog.as_view()))
admin.site.login_form = AdminLoginForm
urlpatterns = [
    path("", views.home, name="home"),
    path("", include("one.urls")),
    path("", include("two.urls")),
    path("", include("threechat.urls")),
    path("learn/<str:step>/", views.chapter, name="chapter"),
    path("accounts/login/", limited(login_view), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("accounts/signup/", accounts.sign_up, name="sign-up"),
    path("admin/login/", limited(admin.site.login)),  # before Django's own, which is the same without the limit's 429
    path("admin/", admin.site.urls),
    path("i18n/setlang/", login_not_required(set_language), name="set-language"),
    path("i18n/catalog.js", catalog_view, name="javascript-catalog"),
    path("favicon.ico", login_not_required(RedirectView.as_view(url=f"{settings.STATIC_URL}img/favicon.svg"))),
    path("livez", login_not_required(health.livez), name="livez"),
    path("readyz", login_not_required(health.readyz), name="readyz"),
    path("metrics", login_not_required(exposition.metrics), name="metrics"),
]
