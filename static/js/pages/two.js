import { LivePage } from "../live.js";
import { TelemetryPage } from "../telemetry_page.js";

new TelemetryPage(new LivePage());
