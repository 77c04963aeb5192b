// A reading at each slot boundary, the same on every peer.
const INTERVAL_MS = Number(process.argv[3] ?? 2000);

export const port = Number(process.argv[2]);

export function everySlot(push) {
  const next = () => {
    const at = (Math.floor(Date.now() / INTERVAL_MS) + 1) * INTERVAL_MS;
    setTimeout(() => {
      push({ data: (at / INTERVAL_MS) % 101, device: "random", metric: "value", unit: "", at });
      next();
    }, at - Date.now());
  };
  next();
}
