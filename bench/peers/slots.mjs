// A reading at each slot boundary, the same on every peer.
const INTERVAL_MS = 2000;

export const port = Number(process.argv[2]);

export function everySlot(push) {
  let slot = 0;
  const next = () => {
    slot = Math.max(slot, Math.floor(Date.now() / INTERVAL_MS)) + 1; // a timer may be early
    const at = slot * INTERVAL_MS;
    setTimeout(() => {
      push({ data: slot % 101, device: "random", metric: "value", unit: "", at });
      next();
    }, at - Date.now());
  };
  next();
}
