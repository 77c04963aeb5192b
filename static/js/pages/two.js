import { LivePage } from "../live.js";
import { openTelemetry } from "../telemetry_page.js";

openTelemetry(new LivePage());
