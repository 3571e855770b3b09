// Plays strokes on a canvas, at one pace, faster through the air: coloured by stroke or by time, with numbers.

import { STROKE_COLOURS, Surface, colour, trace } from "./surface.js";

const AIR_PACE = 2.5;
const PACE = 1.1; // units of the picture's longer side a second
const LEAST_S = 0.5;
const MOST_S = 12;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Player {
  constructor(canvas, { lineWidth = 0.018, onTime = () => {} } = {}) {
    Object.assign(this, { canvas, lineWidth, onTime });
    this.strokes = [];
    this.size = [1, 1];
    this.image = null;
    this.ghost = null;
    this.doubtful = new Set();
    this.selected = -1;
    this.colours = "stroke";
    this.groups = new Map(); // stroke -> line and word
    this.numbers = true;
    this.share = 1;
    this.surface = new Surface(canvas, () => this.paint());
  }

  // Strokes of [x, y] in units of the picture's longer side, whose sides are `size`; `image` lies under them.
  show(strokes, { size = [1, 1], image = this.image, ghost = null, doubtful = [], play = false } = {}) {
    Object.assign(this, { strokes, size, image, ghost });
    this.doubtful = new Set(doubtful);
    this.stop();
    this.share = 1;
    this.#measure();
    this.canvas.parentElement.classList.toggle("drawn", strokes.length > 0 || image !== null);
    if (play && !calm.matches) this.play();
    else this.at(1);
  }

  #measure() {
    let way = 0;
    let before = null;
    this.starts = [];
    this.ways = this.strokes.map((stroke) => {
      if (before) way += Math.hypot(stroke[0][0] - before[0], stroke[0][1] - before[1]) / AIR_PACE;
      this.starts.push(way);
      const along = stroke.map((point, i) => {
        if (i) way += Math.hypot(point[0] - stroke[i - 1][0], point[1] - stroke[i - 1][1]);
        return way;
      });
      before = stroke.at(-1);
      return along;
    });
    this.length = way;
  }

  play() {
    this.stop();
    if (!this.strokes.length) return;
    const seconds = Math.min(MOST_S, Math.max(LEAST_S, this.length / PACE));
    const began = performance.now();
    const step = (now) => {
      const share = Math.min(1, Math.max(0, (now - began) / 1000 / seconds));
      this.at(share);
      this.frame = share < 1 ? requestAnimationFrame(step) : null;
    };
    this.frame = requestAnimationFrame(step);
  }

  get isPlaying() {
    return Boolean(this.frame);
  }

  stop() {
    if (this.frame) cancelAnimationFrame(this.frame);
    this.frame = null;
  }

  at(share) {
    this.share = share;
    this.paint();
    this.onTime(share);
  }

  // The canvas' pixels of a point, and back: the picture fills the canvas as far as its shape lets it.
  get fit() {
    const { width, height } = this.canvas;
    const scale = Math.min(width / this.size[0], height / this.size[1]);
    return { scale, x: (width - this.size[0] * scale) / 2, y: (height - this.size[1] * scale) / 2 };
  }

  pointAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const { scale, x, y } = this.fit;
    const px = ((event.clientX - box.left) / box.width) * this.canvas.width;
    const py = ((event.clientY - box.top) / box.height) * this.canvas.height;
    return [(px - x) / scale, (py - y) / scale];
  }

  paint() {
    const { context, canvas } = this.surface;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const { scale, x, y } = this.fit;
    if (this.image) {
      context.imageSmoothingEnabled = this.image.width > 64;
      const [left, top, width, height] = this.image.box ?? [0, 0, ...this.size];
      context.globalAlpha = this.image.alpha ?? 1;
      context.drawImage(this.image.picture ?? this.image, x + left * scale, y + top * scale, width * scale, height * scale);
      context.globalAlpha = 1;
    }
    const to = ([px, py]) => [x + px * scale, y + py * scale];
    const width = Math.max(this.lineWidth * scale * Math.min(...this.size), 1.5);
    Object.assign(context, { lineCap: "round", lineJoin: "round" });
    if (this.ghost) {
      Object.assign(context, { strokeStyle: colour("ghost"), lineWidth: width * 2.6 });
      for (const stroke of this.ghost) trace(context, stroke, to);
    }
    this.#strokes(context, to, width);
  }

  #strokes(context, to, width) {
    const reached = this.share * this.length;
    let tip = null;
    this.strokes.forEach((stroke, i) => {
      if (this.share < 1 && this.starts[i] > reached) return;
      let drawn = stroke;
      if (this.share < 1 && this.ways[i].at(-1) > reached) {
        const next = this.ways[i].findIndex((way) => way > reached);
        const [from, until] = [this.ways[i][next - 1], this.ways[i][next]];
        const part = (reached - from) / (until - from);
        tip = stroke[next - 1].map((value, axis) => value + part * (stroke[next][axis] - value));
        drawn = [...stroke.slice(0, next), tip];
      }
      if (i === this.selected) {
        Object.assign(context, { strokeStyle: colour("accent-soft"), lineWidth: width * 4 });
        trace(context, stroke, to);
      }
      context.lineWidth = width;
      if (this.doubtful.has(i)) context.setLineDash([width * 2.2, width * 1.8]);
      if (this.colours === "time") this.#byTime(context, drawn, i, to);
      else {
        context.strokeStyle = this.#colour(i);
        trace(context, drawn, to);
      }
      context.setLineDash([]);
    });
    if (this.numbers) this.#numbers(context, to, width, reached);
    if (tip) {
      context.beginPath();
      context.arc(...to(tip), width * 1.15, 0, 7);
      context.fillStyle = colour("ink");
      context.fill();
    }
  }

  #colour(i) {
    const places = { line: 0, word: 1 };
    const place = this.groups.get(this.strokes[i])?.[places[this.colours]] ?? i;
    return STROKE_COLOURS[place % STROKE_COLOURS.length];
  }

  #byTime(context, drawn, i, to) {
    for (let k = 1; k < Math.max(drawn.length, 2); k++) {
      const share = (this.ways[i][Math.min(k, this.ways[i].length - 1)] ?? 0) / (this.length || 1);
      context.strokeStyle = `hsl(${225 - 215 * share} 75% 50%)`;
      trace(context, drawn.slice(k - 1, k + 1), to);
    }
  }

  #numbers(context, to, width, reached) {
    const size = Math.min(Math.max(width * 2.1, 11 * devicePixelRatio), 17 * devicePixelRatio);
    Object.assign(context, { font: `600 ${size * 0.72}px system-ui, sans-serif`, textAlign: "center", textBaseline: "middle" });
    this.strokes.forEach((stroke, i) => {
      if (this.share < 1 && this.starts[i] > reached) return;
      const [x, y] = to(stroke[0]);
      context.beginPath();
      context.arc(x, y, size * 0.62, 0, 7);
      context.fillStyle = this.doubtful.has(i) ? colour("bad") : this.#colour(i);
      context.fill();
      context.fillStyle = "#fff";
      context.fillText(String(i + 1), x, y + size * 0.03);
    });
  }
}
