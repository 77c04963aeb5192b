import { LivePage } from "../live.js";
import { Room } from "../room.js";

new Room(new LivePage());
