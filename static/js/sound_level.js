import { loudness } from "./models/recording.js";

/** Shows how loud `stream` is as `--level`, 0-1, of `node`. */
export class SoundLevel {
  #node;
  #context;
  #analyser;
  #samples;
  #frame = 0;

  constructor(node, stream) {
    this.#node = node;
    this.#context = new AudioContext();
    this.#analyser = this.#context.createAnalyser();
    this.#analyser.fftSize = 1024;
    this.#samples = new Uint8Array(this.#analyser.fftSize);
    this.#context.createMediaStreamSource(stream).connect(this.#analyser);
    this.#show();
  }

  stop() {
    cancelAnimationFrame(this.#frame);
    this.#node.style.removeProperty("--level");
    this.#context.close();
  }

  #show() {
    this.#analyser.getByteTimeDomainData(this.#samples);
    this.#node.style.setProperty("--level", loudness(this.#samples).toFixed(2));
    this.#frame = requestAnimationFrame(() => this.#show());
  }
}
