/** What people chose to see: `devices` (none are all), and `hidden`, the keys of the lines that are switched off. */
export class Selection {
  devices;
  hidden;

  constructor({ devices, hidden }) {
    this.devices = devices;
    this.hidden = hidden;
  }

  /** Switches a line off, or on again. */
  toggle(key) {
    if (!this.hidden.delete(key)) this.hidden.add(key);
  }

  /** Chooses a device beside the others, or takes it out again; null chooses all. */
  pick(slug) {
    const others = this.devices.filter((device) => device !== slug);
    if (slug === null) this.devices = [];
    else this.devices = others.length < this.devices.length ? others : [...others, slug];
  }
}
