// A canvas to write on: one pointer at a time, every coalesced event with its own time, pressure and tilt.

import { Surface, colour, trace } from "./surface.js";

const FRAME_PX = 28;
const FAR = 5; // how far beside the canvas a captured pen is followed, in its sides
const STEP = 0.02;
const FINE_STEP = 0.005;
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

let penSeen = false; // from then on a touch is a palm

export class Pen {
  constructor(canvas, { onEnd = () => {}, onChange = () => {}, widthPx = 2.2 } = {}) {
    this.canvas = canvas;
    this.onEnd = onEnd;
    this.onChange = onChange;
    this.widthPx = widthPx;
    this.strokes = [];
    this.predicted = [];
    this.active = null;
    this.began = null;
    this.cursor = null;
    this.surface = new Surface(canvas, () => this.paint());
    const listen = (type, handler) => canvas.addEventListener(type, handler);
    listen("pointerdown", (event) => this.#down(event));
    listen("pointermove", (event) => this.#move(event));
    listen("pointerup", (event) => this.#up(event));
    listen("pointercancel", (event) => this.#cancel(event));
    listen("lostpointercapture", (event) => this.#up(event));
    listen("contextmenu", (event) => event.preventDefault());
    listen("touchstart", (event) => event.preventDefault());
    listen("keydown", (event) => this.#key(event));
    listen("blur", () => this.#liftKeys());
  }

  get isEmpty() {
    return this.strokes.length === 0;
  }

  clear() {
    this.active = null; // a pen that is down draws again once it was lifted
    this.strokes = [];
    this.began = null;
    this.cursor = null;
    this.#changed();
  }

  undo() {
    this.active = null;
    this.strokes.pop();
    if (this.isEmpty) this.began = null;
    this.#changed();
  }

  set width(px) {
    this.widthPx = px;
    this.paint();
  }

  // Draw what `strokes` was before.
  restore(strokes) {
    this.active = null;
    this.strokes = strokes;
    this.#changed();
  }

  // Strokes of [x, y, time_ms, pressure, tilt_x, tilt_y] in the canvas' unit square, rounded to what matters.
  get rows() {
    const digits = [5, 5, 3, 4, 1, 1];
    return this.strokes.map((stroke) => stroke.map((point) => point.map((value, i) => Number(value.toFixed(digits[i])))));
  }

  #place(event) {
    const box = this.canvas.getBoundingClientRect();
    const within = (value) => Math.min(FAR, Math.max(1 - FAR, value));
    return [within((event.clientX - box.left) / box.width), within((event.clientY - box.top) / box.height)];
  }

  #point(event) {
    this.began ??= event.timeStamp;
    const time = Math.max(0, event.timeStamp - this.began);
    return [...this.#place(event), time, event.pressure || 0, event.tiltX || 0, event.tiltY || 0];
  }

  #down(event) {
    if (event.pointerType === "pen") {
      penSeen = true;
      if (this.active?.type === "touch") this.#drop(); // the palm was first
    }
    if (this.active || this.cursor?.down || event.button !== 0 || (event.pointerType === "touch" && penSeen)) return;
    event.preventDefault();
    this.canvas.focus({ preventScroll: true });
    const stroke = [this.#point(event)];
    this.active = { id: event.pointerId, type: event.pointerType, stroke };
    try {
      this.canvas.setPointerCapture(event.pointerId);
    } catch {
      // an event that no device sent has nothing to capture
    }
    this.strokes.push(stroke);
    this.#changed();
  }

  #move(event) {
    if (event.pointerType === "pen") penSeen = true;
    if (event.pointerId !== this.active?.id) return;
    const coalesced = event.getCoalescedEvents?.() ?? [];
    const { stroke } = this.active;
    const before = stroke.length;
    for (const one of coalesced.length ? coalesced : [event]) stroke.push(this.#point(one));
    this.predicted = (event.getPredictedEvents?.() ?? []).map((one) => this.#place(one));
    this.#extend(stroke, before);
  }

  #up(event) {
    if (event.pointerId !== this.active?.id) return;
    const { stroke } = this.active;
    const [x, y] = this.#place(event);
    const last = stroke.at(-1);
    if (event.type === "pointerup" && (x !== last[0] || y !== last[1])) stroke.push(this.#point(event));
    this.active = null;
    this.predicted = [];
    this.#changed();
    this.onEnd();
  }

  #cancel(event) {
    if (event.pointerId === this.active?.id) this.#drop();
  }

  #drop() {
    const { stroke } = this.active;
    this.active = null;
    this.predicted = [];
    this.strokes = this.strokes.filter((one) => one !== stroke);
    if (this.isEmpty) this.began = null;
    this.#changed();
  }

  // Arrow keys move the pen, Space puts it down and lifts it; with Shift the steps are fine.
  #key(event) {
    if (event.key === " ") {
      event.preventDefault();
      if (event.repeat) return;
      this.cursor ??= { at: [0.5, 0.5], down: false };
      if (this.active) return;
      if (this.cursor.down) return this.#liftKeys();
      this.began ??= event.timeStamp;
      this.cursor.down = true;
      this.strokes.push([[...this.cursor.at, event.timeStamp - this.began, 0.5, 0, 0]]);
      this.#changed();
    } else if (MOVES[event.key]) {
      event.preventDefault();
      this.cursor ??= { at: [0.5, 0.5], down: false };
      const step = event.shiftKey ? FINE_STEP : STEP;
      this.cursor.at = this.cursor.at.map((value, i) => Math.min(1, Math.max(0, value + step * MOVES[event.key][i])));
      if (this.cursor.down) this.strokes.at(-1).push([...this.cursor.at, event.timeStamp - this.began, 0.5, 0, 0]);
      this.paint();
    } else if (event.key === "Backspace" || (event.key === "z" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      this.undo();
      this.onEnd();
    }
  }

  #liftKeys() {
    if (!this.cursor?.down) return;
    this.cursor.down = false;
    this.#changed();
    this.onEnd();
  }

  #changed() {
    this.canvas.parentElement.classList.toggle("drawn", !this.isEmpty);
    this.paint();
    this.onChange();
  }

  #brush() {
    const { context, canvas } = this.surface;
    Object.assign(context, { lineCap: "round", lineJoin: "round", strokeStyle: colour("ink") });
    context.lineWidth = (this.widthPx / FRAME_PX) * Math.min(canvas.width, canvas.height);
    return context;
  }

  #extend(stroke, before) {
    if (this.predicted.length) return this.paint();
    const { canvas } = this.surface;
    trace(this.#brush(), stroke.slice(Math.max(0, before - 1)), ([x, y]) => [x * canvas.width, y * canvas.height]);
  }

  paint() {
    const { context, canvas } = this.surface;
    const to = ([x, y]) => [x * canvas.width, y * canvas.height];
    context.clearRect(0, 0, canvas.width, canvas.height);
    this.#brush();
    for (const stroke of this.strokes) trace(context, stroke, to);
    if (this.active && this.predicted.length) {
      context.globalAlpha = 0.5;
      trace(context, [this.active.stroke.at(-1), ...this.predicted], to);
      context.globalAlpha = 1;
    }
    if (this.cursor && document.activeElement === canvas) {
      const [x, y] = to(this.cursor.at);
      context.beginPath();
      context.arc(x, y, context.lineWidth * 0.7, 0, 7);
      Object.assign(context, { strokeStyle: colour("accent"), lineWidth: 2 });
      context.stroke();
    }
  }
}
