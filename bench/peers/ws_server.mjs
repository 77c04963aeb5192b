// npm's `ws`: encode once, send to each client.
import { WebSocketServer } from "ws";
import { everySlot, port } from "./slots.mjs";

const server = new WebSocketServer({
  host: "127.0.0.1", port, perMessageDeflate: false, backlog: 4096,
});

everySlot((reading) => {
  const text = JSON.stringify(reading);
  for (const client of server.clients) client.send(text);
});
