"""The program's URLs after one whose view does nothing, and one of the least page that shows readings."""

from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

BARE_PAGE = """<!doctype html>
<title>Bare</title>
<canvas id="line"></canvas>
<script src="{chart_js}"></script>
<script>
  const [labels, data] = [[], []];
  const lines = {{ labels, datasets: [{{ data }}] }};
  const chart = new Chart("line", {{ type: "line", data: lines, options: {{ animation: false }} }});
  new WebSocket("ws://" + location.host + "/ws/two_url/").onmessage = (event) => {{
    labels.push(labels.length);
    data.push(JSON.parse(event.data).data);
    chart.update();
  }};
</script>
"""


@csrf_exempt
async def empty(request: HttpRequest) -> HttpResponse:
    return HttpResponse(status=204)


@csp_update({"script-src": [UNSAFE_INLINE]})
def bare(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BARE_PAGE.format(chart_js=static("vendor/chart.umd.min.js")))


urlpatterns = [path("empty/", empty), path("bare/", bare), path("", include("examplechannels.urls"))]
