// A canvas whose pixels are the screen's, at any zoom, pixel ratio and size; drawn anew when any of them changes.

export class Surface {
  constructor(canvas, paint) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    this.paint = paint;
    new ResizeObserver(() => this.fit()).observe(canvas);
    this.#watchRatio();
  }

  fit() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const ratio = window.devicePixelRatio || 1;
    const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (!w || !h) return;
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    this.paint();
  }

  #watchRatio() {
    matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener(
      "change",
      () => {
        this.fit();
        this.#watchRatio();
      },
      { once: true },
    );
  }
}

export const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

export const STROKE_COLOURS = ["#2563eb", "#ea580c", "#059669", "#c026d3", "#ca8a04", "#0891b2"];

export function trace(context, stroke, to) {
  context.beginPath();
  const [x, y] = to(stroke[0]);
  context.moveTo(x, y);
  if (stroke.length === 1) context.lineTo(x + 0.01, y);
  for (let i = 1; i < stroke.length; i++) context.lineTo(...to(stroke[i]));
  context.stroke();
}
