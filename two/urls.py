from django.urls import path

from two import views
from two.alarms import views as alarm_views
from two.ingest.views import write

urlpatterns = [
    path("two/", views.two, name="two"),
    path("two/device/<str:device>/", views.device, name="device"),
    path("two/device/<str:device>/rules/", alarm_views.rules, name="device-rules"),
    path("two/device/<str:device>/rules/<int:rule>/", alarm_views.rule, name="device-rule"),
    path("two/device/<str:device>/rules/<int:rule>/delete/", alarm_views.delete_rule, name="device-rule-delete"),
    path("two/device/<str:device>/rules/<int:rule>/test/", alarm_views.test_rule, name="device-rule-test"),
    path("two/readings/", views.readings, name="two-readings"),
    path("two/readings", views.readings),  # a device that forgets the slash is not to be redirected
    path("two/devices/", views.devices, name="two-devices"),
    path("two/version/", views.version, name="two-version"),
    path("api/v2/write", write),
    path("write", write),
]
