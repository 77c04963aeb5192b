import { LivePage } from "../live.js";
import { Room } from "../room.js";
import { Tabs } from "../tabs.js";
import { TelemetryPage } from "../telemetry_page.js";
import { panelOf } from "../models/moment.js";
import { part } from "../dom.js";

const page = new LivePage();
new TelemetryPage(page);
if (part("region")) {
  const tabs = new Tabs(part("tabs"), panelOf);
  new Room(page, {
    onWanted: () => tabs.choose("room"),
    onMoment: () => tabs.choose("chart"),
    onNews: () => tabs.showNews("room"),
  });
}
