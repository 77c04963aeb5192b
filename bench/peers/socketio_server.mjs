// Socket.IO as its documentation has it: one emit to everybody.
import { createServer } from "node:http";
import { Server } from "socket.io";
import { everySlot, port } from "./slots.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });
http.listen({ host: "127.0.0.1", port, backlog: 4096 });

everySlot((reading) => io.emit("reading", reading));
